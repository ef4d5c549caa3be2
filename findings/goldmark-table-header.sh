#!/usr/bin/env bash
# github.com/yuin/goldmark v1.8.7, extension.Table: a line of text above a row of dashes becomes the head of a table with as many columns as
# the dashes, padded with empty cells. GFM's specification ("Tables") says that there is no table unless both rows have the same number
# of cells, and cmarkgfm 2025.10.22, GitHub's own cmark-gfm, keeps to it. With too many cells above the dashes goldmark keeps to it, too.
#
# Output seen:
#   1 cell above 2 columns   goldmark: table      cmark-gfm: paragraph
#   2 cells above 2 columns  goldmark: table      cmark-gfm: table
#   3 cells above 2 columns  goldmark: paragraph  cmark-gfm: paragraph
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check cmarkgfm==2025.10.22
cat >main.go <<'GO'
package main

import (
	"os"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

func main() {
	if err := goldmark.New(goldmark.WithExtensions(extension.Table)).Convert([]byte(os.Args[1]), os.Stdout); err != nil {
		panic(err)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/yuin/goldmark@v1.8.7 >/dev/null 2>&1
go build -o render .
kind() { grep -oE '<table|<p>' | head -1 | sed 's/<table/table/; s/<p>/paragraph/'; }
show() {
	source="$2"$'\n---|---\nweb-1 | 3\n'
	printf '%-24s goldmark: %-10s cmark-gfm: %s\n' "$1" "$(./render "$source" | kind)" \
		"$(venv/bin/python -c 'import cmarkgfm, sys; print(cmarkgfm.github_flavored_markdown_to_html(sys.argv[1]))' "$source" | kind)"
}
got=$(show '1 cell above 2 columns' 'Failing hosts'; show '2 cells above 2 columns' 'host | errors'; show '3 cells above 2 columns' 'host | errors | since')
echo "$got"
want='1 cell above 2 columns   goldmark: table      cmark-gfm: paragraph
2 cells above 2 columns  goldmark: table      cmark-gfm: table
3 cells above 2 columns  goldmark: paragraph  cmark-gfm: paragraph'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
