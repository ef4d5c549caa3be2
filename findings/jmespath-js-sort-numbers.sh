#!/usr/bin/env bash
# jmespath 0.16.0 and @jmespath-community/jmespath 1.3.0 (npm): sort() of numbers sorts their texts, so 10 and 100 come before 9. The
# JMESPath specification has sort() for "array[number]", and sort_by(), min() and max() of the same two libraries go by value. jmespath
# 1.1.0 of PyPI, from which most expressions are copied, answers in order, so that `sort(x)[0]` is another number there.
#
# Output seen:
#   sort([9, 100, 10])
#     jmespath (npm)                 [10,100,9]
#     @jmespath-community/jmespath   [10,100,9]
#     jmespath (PyPI)                [9,10,100]
#   sort_by([9, 100, 10], &@)
#     jmespath (npm)                 [9,10,100]
#     @jmespath-community/jmespath   [9,10,100]
#     jmespath (PyPI)                [9,10,100]
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check jmespath==1.1.0
npm init -y >/dev/null
npm install --silent --no-fund --no-audit jmespath@0.16.0 @jmespath-community/jmespath@1.3.0 >/dev/null
cat >sort.mjs <<'JS'
const library = await import(process.argv[2])
const search = library.search ?? library.default.search
console.log(JSON.stringify(search([9, 100, 10], process.argv[3])))
JS
got=$(for expression in 'sort(@)' 'sort_by(@, &@)'; do
	echo "${expression/@/[9, 100, 10]}"
	printf '  %-30s %s\n' 'jmespath (npm)' "$(node sort.mjs jmespath "$expression")" \
		@jmespath-community/jmespath "$(node sort.mjs @jmespath-community/jmespath "$expression")" \
		'jmespath (PyPI)' "$(venv/bin/python -c 'import jmespath, sys; print(str(jmespath.search(sys.argv[1], [9, 100, 10])).replace(" ", ""))' "$expression")"
done)
echo "$got"
want='sort([9, 100, 10])
  jmespath (npm)                 [10,100,9]
  @jmespath-community/jmespath   [10,100,9]
  jmespath (PyPI)                [9,10,100]
sort_by([9, 100, 10], &@)
  jmespath (npm)                 [9,10,100]
  @jmespath-community/jmespath   [9,10,100]
  jmespath (PyPI)                [9,10,100]'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
