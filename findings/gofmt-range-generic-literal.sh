#!/usr/bin/env bash
# gofmt of Go 1.26.8: it removes the parentheses around a composite literal of a generic type behind range, where the language needs
# them. Its own output is then a syntax error. Around a literal of a type without parameters, and in if and switch, it keeps them.
#
# Output seen:
#   for range (m[int]{"a": 1}) {     becomes  for range m[int]{"a": 1} {
#   for range (n{"a": 1}) {          stays
#   gofmt of the output              illegal label declaration
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >a.go <<'GO'
package a

type m[T any] map[string]T

type n map[string]int

func f() {
	for range (m[int]{"a": 1}) {
	}
	for range (n{"a": 1}) {
	}
}
GO
got=$(gofmt a.go | grep 'for range'; gofmt a.go | gofmt 2>&1 | grep -o 'illegal label declaration' || true)
echo "$got"
want=$'\tfor range m[int]{"a": 1} {\n\tfor range (n{"a": 1}) {\nillegal label declaration'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
