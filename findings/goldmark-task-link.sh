#!/usr/bin/env bash
# github.com/yuin/goldmark v1.8.7, extension.TaskList: a list entry that is a link named x becomes a ticked box, and what should be
# the link's target is text behind it. GFM's specification ("Task list items") wants whitespace after the brackets, so these are
# links and text, as cmarkgfm 2025.10.22, which is GitHub's own cmark-gfm, and marked 18.2.1 render them.
#
# Output seen:
#   - [x](https://example.com/run)  goldmark: box   cmark-gfm: link  marked: link
#   - [x][run]                      goldmark: box   cmark-gfm: link  marked: link
#   - [ ]5xx                        goldmark: box   cmark-gfm: text  marked: text
#   - [x] done                      goldmark: box   cmark-gfm: box   marked: box
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check cmarkgfm==2025.10.22
npm init -y >/dev/null
npm install --silent --no-fund --no-audit marked@18.2.1 >/dev/null
cat >main.go <<'GO'
package main

import (
	"os"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

func main() {
	if err := goldmark.New(goldmark.WithExtensions(extension.TaskList)).Convert([]byte(os.Args[1]), os.Stdout); err != nil {
		panic(err)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/yuin/goldmark@v1.8.7 >/dev/null 2>&1
go build -o render .
kind() { grep -oE '<input|<a ' | head -1 | sed 's/<input/box/; s/<a /link/' | grep . || echo text; }
got=$(for line in '- [x](https://example.com/run)' '- [x][run]' '- [ ]5xx' '- [x] done'; do
	source=$line$'\n\n[run]: https://example.com/run\n'
	printf '%-31s goldmark: %-5s cmark-gfm: %-5s marked: %s\n' "$line" "$(./render "$source" | kind)" \
		"$(venv/bin/python -c 'import cmarkgfm, sys; print(cmarkgfm.github_flavored_markdown_to_html(sys.argv[1]))' "$source" | kind)" \
		"$(node --input-type=module -e 'import { marked } from "marked"; console.log(marked.parse(process.argv[1]))' -- "$source" | kind)"
done)
echo "$got"
want='- [x](https://example.com/run)  goldmark: box   cmark-gfm: link  marked: link
- [x][run]                      goldmark: box   cmark-gfm: link  marked: link
- [ ]5xx                        goldmark: box   cmark-gfm: text  marked: text
- [x] done                      goldmark: box   cmark-gfm: box   marked: box'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
