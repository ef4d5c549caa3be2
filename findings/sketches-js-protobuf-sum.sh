#!/usr/bin/env bash
# @datadog/sketches-js 2.1.1 (npm): a sketch that went through toProto and fromProto has the sum 0, the minimum Infinity and the maximum
# -Infinity; its count and percentiles survive. Merged into the sketch of another process it adds to the count but not to the sum,
# so the average of both is too small, without an error.
#
# Output seen:
#   before          count 3  sum 60  min 10  max 30  p50 20
#   after           count 3  sum 0  min Infinity  max -Infinity  p50 20
#   merged into 40  count 4  sum 40  min 40  max 40  p50 20
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @datadog/sketches-js@2.1.1 protobufjs@8.8.1 >/dev/null
cat >send.cjs <<'JS'
const { DDSketch } = require('@datadog/sketches-js')
const sketchOf = (...values) => values.reduce((sketch, value) => (sketch.accept(value), sketch), new DDSketch())
function show(name, s) {
	const p50 = Math.round(s.getValueAtQuantile(0.5))
	console.log(`${name.padEnd(15)} count ${s.count}  sum ${s.sum}  min ${s.min}  max ${s.max}  p50 ${p50}`)
}
const before = sketchOf(10, 20, 30)
const after = DDSketch.fromProto(before.toProto())
const other = sketchOf(40)
show('before', before)
show('after', after)
other.merge(after)
show('merged into 40', other)
JS
got=$(node send.cjs)
echo "$got"
want='before          count 3  sum 60  min 10  max 30  p50 20
after           count 3  sum 0  min Infinity  max -Infinity  p50 20
merged into 40  count 4  sum 40  min 40  max 40  p50 20'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
