package playbook_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/memory"
)

// text renders a template as an event's text, with the findings of a step "ask".
func text(t testing.TB, template string, a alert.Alert, body any) (string, []error) {
	t.Helper()
	plan := bench{}.load(t, one("steps: [{uses: ask, with: {url: 'https://example.com'}}, {uses: owner}]\nevent: {text: '"+strings.ReplaceAll(template, "'", "''")+"'}")).For(a, memory.Memory{})
	results := []enrich.Result{{Name: "ask", Status: enrich.OK, Finding: enrich.Finding{Data: askData{Status: 200, Body: body}}}}
	draft, failed := plan.Draft(results, event.Cycle{Lasted: 90 * time.Second, Notified: 2})
	return draft.Text, failed
}

func TestTemplate(t *testing.T) {
	body := map[string]any{
		"n": 3.0, "f": 0.25, "big": 1e21, "million": 1e6, "id": int64(7284105863092654118), "list": []any{"a", 1.0, nil, true},
		"map": map[string]any{"b": 1.0, "a": "x"}, "text": "x", "null": nil, "nan": math.NaN(), "deep": map[string]any{"er": map[string]any{"est": "here"}},
	}
	for template, want := range map[string]string{
		"plain": "plain",
		"{{ $l := .alert.tag_list }}{{ range $i, $t := $l }}{{ if lt $i 1 }}{{ $t }}{{ end }}{{ end }}":   "env:prod",
		"{{ with .alert.tags.env | upper }}{{ . }}{{ end }}{{ range default .alert.extra nil }}{{ end }}": "PROD",
		"<{{ .steps.ask.body.nan }}> {{ json .steps.ask.body.nan }}":                                      "<> null",
		"{{ .alert.title }} on {{ .alert.tags.service }}":                                                 "Errors on checkout on checkout",
		"{{ .alert.tag_list }}":                                                                                                       "env:prod, service:checkout, team:payments, shard:7, bare",
		"{{ index .alert.tag_list 1 }}":                                                                                               "service:checkout",
		"<{{ index .alert.tag_list 99 }}>":                                                                                            "<>",
		"<{{ index .alert.tag_list -1 }}>":                                                                                            "<>",
		`<{{ index .alert.tag_list .alert.title }}>`:                                                                                  "<>",
		`{{ index .alert.tags "service" }}`:                                                                                           "checkout",
		`<{{ index .alert.title "x" 3 }}>`:                                                                                            "<>",
		"<{{ .alert.extra.no.such.thing }}>":                                                                                          "<>",
		"<{{ .steps.ask.body.no.such.thing }}>":                                                                                       "<>",
		"<{{ .steps.ask.body.text.inside.of.text }}>":                                                                                 "<>",
		"{{ .steps.ask.body.deep.er.est }}":                                                                                           "here",
		"{{ (index .steps.ask.body `deep`).er.est }}":                                                                                 "here",
		"{{ $b := .steps.ask.body }}{{ $b.deep.er.est }}":                                                                             "here",
		"{{ .steps.ask.body.id }} {{ .alert.logs_sample.id }}":                                                                        "7284105863092654118 7284105863092654118",
		"{{ .steps.ask.body.million }} {{ .steps.ask.body.f }} {{ .steps.ask.body.big }}":                                             "1000000 0.25 1000000000000000000000",
		"{{ .steps.ask.body.list }}":                                                                                                  "a, 1, , true",
		"{{ .steps.ask.body.map }}":                                                                                                   `{"a":"x","b":1}`,
		"{{ .steps.ask.status }} {{ .steps.ask.ok }} {{ .steps.owner.ok }} <{{ .steps.owner.team }}>":                                 "200 true false <>",
		"{{ with .steps.owner }}{{ .tier }}<{{ .contacts }}>{{ .manager.name }}{{ end }}":                                             "0<>",
		"{{ with .steps.ask.body.map }}{{ .a }} in {{ $.alert.id }}{{ end }}":                                                         "x in 7284105863092654118",
		"{{ range .alert.tag_list }}[{{ . }}]{{ if eq . `team:payments` }}{{ break }}{{ end }}{{ end }}":                              "[env:prod][service:checkout][team:payments]",
		"{{ range $k, $v := .steps.ask.body.map }}{{ $k }}={{ $v }} {{ end }}":                                                        "a=x b=1",
		"{{ range .steps.ask.body.n }}x{{ else }}a number is no list{{ end }}":                                                        "a number is no list",
		"{{ range .steps.ask.body.null }}x{{ else }}nothing is empty{{ end }}":                                                        "nothing is empty",
		"{{ range .alert.extra }}{{ with .cpu }}{{ . }}{{ end }}{{ end }}":                                                            "4",
		"{{ if gt .steps.ask.body.n 2 }}yes{{ end }}{{ if lt .steps.ask.body.f 1 }}yes{{ end }}":                                      "yesyes",
		"{{ if ge .steps.ask.body.n 3.0 }}yes{{ end }}{{ if le .alert.tags.shard 7 }}yes{{ end }}":                                    "yesyes",
		"{{ if eq .alert.tags.shard 7 8 }}yes{{ end }}{{ if ne .alert.tags.env `prod` }}no{{ end }}":                                  "yes",
		"{{ if eq `1.10` `1.1` }}no{{ end }}{{ if eq .steps.ask.body.null nil }}yes{{ end }}":                                         "yes",
		"{{ if eq .steps.ask.body.id 7284105863092654117 }}no{{ else }}yes{{ end }}":                                                  "yes",
		"{{ if lt .steps.ask.body.id 7284105863092654119 }}yes{{ end }}{{ if lt `b` `a` }}no{{ end }}":                                "yes",
		"{{ if and .alert.title (not .alert.recovered) (or false .alert.tags.env) }}yes{{ end }}":                                     "yes",
		"{{ default `nobody` .alert.tags.owner }} {{ .alert.tags.team | default `nobody` }}":                                          "nobody payments",
		"{{ lower `AB` }}{{ upper .alert.tags.env }}{{ trim ` x ` }}{{ upper .steps.ask.body.null }}":                                 "abPRODx",
		"{{ if contains `check` .alert.tags.service }}yes{{ end }}":                                                                   "yes",
		"{{ replace `o` `0` .alert.title }}{{ replace `` `x` `y` }}":                                                                  "Err0rs 0n check0uty",
		"{{ shorten 6 .alert.title }} {{ shorten 99 `日本` }} {{ shorten 2 `日本語` }} {{ shorten 0 `x` }} {{ shorten `?` `x` }}":          "Error… 日本 日… x x",
		"{{ join ` / ` .alert.tag_list | shorten 20 }} {{ join `-` .steps.ask.body.list }} {{ join `-` `x` }}":                        "env:prod / service:… a-1--true x",
		"{{ len .alert.tag_list }} {{ len `日本` }} {{ len .alert.tags }} {{ len .steps.ask.body.list }} {{ len .steps.ask.body.map }}": "5 2 5 4 2",
		"{{ len .steps.ask.body.null }}":                                                                                              "0",
		"{{ printf `%s|%q|%5d|%-4s|%.1f|%d|%t|%%|%03d` .alert.id `x` 7 `ab` .steps.ask.body.n .steps.ask.body.f .alert.id 5 }}":       `7284105863092654118|"x"|    7|ab  |3.0|0|true|%|005`,
		"{{ printf `%s %d %.2f %s` .steps.ask.body.null .steps.ask.body.text .alert.tags.shard }}":                                    "0 7.00",
		"{{ printf `%d` .steps.ask.body.id }} {{ printf `%e %g` 1.5 2 }}":                                                             "7284105863092654118 1.500000e+00 2",
		"{{ json .steps.ask.body.map }} {{ json .alert.title }}":                                                                      `{"a":"x","b":1} "Errors on checkout"`,

		"{{ url `a b/c?d=é` }}": "a%20b%2Fc%3Fd%3D%C3%A9",

		"{{ clock .alert.date }} {{ day .alert.date }} <{{ clock .alert.last_updated }}{{ day .alert.title }}>": "02:58 UTC 2026-03-14 <>",
		"{{ span .cycle.lasted }} {{ span 7500 }} <{{ span `x` }}{{ span -1 }}{{ span 1e300 }}>":                "1 min 2 h 5 min <>",
		"{{ .cycle.notified }} {{ .alert.recovered }} {{ 3 }} {{ `x` }} {{ 1.5 }} {{ true }}":                   "2 false 3 x 1.5 true",
		"{{- .alert.type -}} {{/* nothing */}} x":                                                               "error x",
		"{{ .alert.title | upper | shorten 5 | printf `<%s>` }}":                                                "<ERRO…>",
		"{{ printf `%s` (index .alert.tags (lower `TEAM`)) }}":                                                  "payments",
	} {
		t.Run(template, func(t *testing.T) {
			got, failed := text(t, template, checkout(), body)
			if got != want || len(failed) > 0 {
				t.Errorf("got %q, want %q; %v", got, want, failed)
			}
		})
	}
}
