#!/usr/bin/env bash
# github.com/yuin/goldmark v1.8.7, extension.Linkify: an asterisk or a pipe ends a bare URL, and a colon before it is dropped, too. In a
# query of Datadog's both are common, and the link that is left opens another view. GFM's specification ("Autolinks") lets any characters
# but spaces and < follow the domain; cmark-gfm, GitHub's own, and marked 18.2.1 link the whole. WithLinkifyURLRegexp is the way out.
#
# Output seen:
#   https://app.datadoghq.com/logs?query=env:*&live=true
#     goldmark:  https://app.datadoghq.com/logs?query=env
#     cmark-gfm: https://app.datadoghq.com/logs?query=env:*&live=true
#     marked:    https://app.datadoghq.com/logs?query=env:*&live=true
#   https://app.datadoghq.com/dashboard/abc?tpl_var_env=*&from_ts=1
#     goldmark:  https://app.datadoghq.com/dashboard/abc?tpl_var_env=
#     cmark-gfm: https://app.datadoghq.com/dashboard/abc?tpl_var_env=*&from_ts=1
#     marked:    https://app.datadoghq.com/dashboard/abc?tpl_var_env=*&from_ts=1
#   https://app.datadoghq.com/logs?query=a|b
#     goldmark:  https://app.datadoghq.com/logs?query=a
#     cmark-gfm: https://app.datadoghq.com/logs?query=a%7Cb
#     marked:    https://app.datadoghq.com/logs?query=a%7Cb
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
	if err := goldmark.New(goldmark.WithExtensions(extension.Linkify)).Convert([]byte(os.Args[1]), os.Stdout); err != nil {
		panic(err)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/yuin/goldmark@v1.8.7 >/dev/null 2>&1
go build -o render .
link() { grep -o 'href="[^"]*' | sed 's/href="//; s/&amp;/\&/g'; }
got=$(for url in 'https://app.datadoghq.com/logs?query=env:*&live=true' 'https://app.datadoghq.com/dashboard/abc?tpl_var_env=*&from_ts=1' 'https://app.datadoghq.com/logs?query=a|b'; do
	echo "$url"
	echo "  goldmark:  $(./render "$url" | link)"
	echo "  cmark-gfm: $(venv/bin/python -c 'import cmarkgfm, sys; print(cmarkgfm.github_flavored_markdown_to_html(sys.argv[1]))' "$url" | link)"
	echo "  marked:    $(node --input-type=module -e 'import { marked } from "marked"; console.log(marked.parse(process.argv[1]))' "$url" | link)"
done)
echo "$got"
want='https://app.datadoghq.com/logs?query=env:*&live=true
  goldmark:  https://app.datadoghq.com/logs?query=env
  cmark-gfm: https://app.datadoghq.com/logs?query=env:*&live=true
  marked:    https://app.datadoghq.com/logs?query=env:*&live=true
https://app.datadoghq.com/dashboard/abc?tpl_var_env=*&from_ts=1
  goldmark:  https://app.datadoghq.com/dashboard/abc?tpl_var_env=
  cmark-gfm: https://app.datadoghq.com/dashboard/abc?tpl_var_env=*&from_ts=1
  marked:    https://app.datadoghq.com/dashboard/abc?tpl_var_env=*&from_ts=1
https://app.datadoghq.com/logs?query=a|b
  goldmark:  https://app.datadoghq.com/logs?query=a
  cmark-gfm: https://app.datadoghq.com/logs?query=a%7Cb
  marked:    https://app.datadoghq.com/logs?query=a%7Cb'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
