#!/usr/bin/env bash
# markdown_to_mrkdwn 0.3.3 (PyPI): text between single backquotes is converted like any other. Single asterisks in it become underscores,
# double ones single, and a link is rewritten, so a command of a playbook arrives in Slack as another command. Outside of code 2 * 3 * 4
# becomes 2 _ 3 _ 4. A block between three backquotes is kept. slackify-markdown 4.5.0 (npm) keeps all of them.
#
# Output seen:
#   `ls *.log *.gz`        PyPI: `ls _.log _.gz`       npm: `ls *.log *.gz`
#   `f(**a, **b)`          PyPI: `f(*a, *b)`           npm: `f(**a, **b)`
#   `[a](b)`               PyPI: `<b|a>`               npm: `[a](b)`
#   2 * 3 * 4              PyPI: 2 _ 3 _ 4             npm: 2 * 3 * 4
#   ``` ls *.log *.gz ```  PyPI: ``` ls *.log *.gz ``` npm: ``` ls *.log *.gz ```
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check markdown_to_mrkdwn==0.3.3
npm init -y >/dev/null
npm install --silent --no-fund --no-audit slackify-markdown@4.5.0 >/dev/null
got=$(for text in '`ls *.log *.gz`' '`f(**a, **b)`' '`[a](b)`' '2 * 3 * 4' $'```\nls *.log *.gz\n```'; do
	printf '%-22s PyPI: %-21s npm: %s\n' "${text//$'\n'/ }" \
		"$(venv/bin/python -c 'import sys; from markdown_to_mrkdwn import SlackMarkdownConverter; print(SlackMarkdownConverter().convert(sys.argv[1]).replace("\n", " "))' "$text")" \
		"$(node -e 'const m = require("slackify-markdown"); console.log((m.slackifyMarkdown ?? m)(process.argv[1]).trim().replaceAll("\n", " "))' -- "$text")"
done)
echo "$got"
want='`ls *.log *.gz`        PyPI: `ls _.log _.gz`       npm: `ls *.log *.gz`
`f(**a, **b)`          PyPI: `f(*a, *b)`           npm: `f(**a, **b)`
`[a](b)`               PyPI: `<b|a>`               npm: `[a](b)`
2 * 3 * 4              PyPI: 2 _ 3 _ 4             npm: 2 * 3 * 4
``` ls *.log *.gz ```  PyPI: ``` ls *.log *.gz ``` npm: ``` ls *.log *.gz ```'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
