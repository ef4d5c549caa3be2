package lookup

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fault"
)

const owners = "\ufeffservice, team ,tier,runbook,note\r\n" +
	"checkout,shop,1,https://wiki.example.com/checkout,\"a, \"\"b\"\"\nc\"\r\n" +
	"Cart , shop,2,,\n" +
	"bare,,,,\n"

func folder(files map[string]string) *Tables {
	all := fstest.MapFS{}
	for name, content := range files {
		all[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return NewTables(all)
}

var checkout = alert.Alert{Tags: alert.Tags{"env:prod", "service:checkout"}}

func TestEnrich_CSV(t *testing.T) {
	tables := folder(map[string]string{"owners.csv": owners})
	all := enrich.Finding{
		Title: "owners", Weight: enrich.Useful,
		Blocks: []enrich.Block{
			enrich.Facts{{Name: "team", Value: "shop", Lead: enrich.Owner}, {Name: "tier", Value: "1"}, {Name: "note", Value: `a, "b" c`}},
			enrich.Links{{Kind: "runbook", Title: "runbook", URL: "https://wiki.example.com/checkout"}},
		},
		Lead: []enrich.Lead{{Answer: enrich.Owner, Text: "team shop"}, {Answer: enrich.Runbook, Text: "runbook", URL: "https://wiki.example.com/checkout"}},
		Data: Data{"service": "checkout", "team": "shop", "tier": "1", "runbook": "https://wiki.example.com/checkout", "note": "a, \"b\"\nc"},
	}
	some := all
	some.Title, some.Lead, some.Blocks = "Owner", nil, []enrich.Block{enrich.Facts{{Name: "tier", Value: "1"}, {Name: "service", Value: "checkout"}}}
	for _, tt := range []struct {
		name   string
		config Config
		want   enrich.Finding
	}{
		{"tag", Config{File: "owners.csv"}, all},
		{"key and value", Config{File: "owners.csv", Key: "service", Value: " Checkout"}, all},
		{"other column", Config{File: "owners.csv", Key: "tier", Value: "1"}, enrich.Finding{
			Title: "owners", Weight: enrich.Useful, Data: all.Data, Lead: all.Lead,
			Blocks: []enrich.Block{
				enrich.Facts{{Name: "service", Value: "checkout"}, {Name: "team", Value: "shop", Lead: enrich.Owner}, {Name: "note", Value: `a, "b" c`}},
				all.Blocks[1],
			},
		}},
		{"columns to show", Config{Title: "Owner", File: "owners.csv", Show: []string{"tier", "service"}}, some},
		{"empty row", Config{File: "owners.csv", Value: "bare"}, enrich.Finding{
			Title: "owners", Weight: enrich.Useful, Blocks: []enrich.Block{enrich.Facts{{Name: "service", Value: "bare"}}},
			Data: Data{"service": "bare", "team": "", "tier": "", "runbook": "", "note": ""},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := errors.Join(tt.config.Validate(), tables.Check(tt.config)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, enrichtest.Find(t, newStep(tables, tt.config), checkout)); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnrich_YAML(t *testing.T) {
	const mapping = "checkout: {team: shop, tier: 1, load: 0.5, on: true, oncall: [a, b], slack: {id: 9007199254740993}, none: null, big: 18446744073709551615, endless: .inf}\ncart: shop\n"
	row := Data{
		"key": "checkout", "team": "shop", "tier": int64(1), "load": 0.5, "on": true, "oncall": []any{"a", "b"},
		"slack": map[string]any{"id": int64(9007199254740993)}, "none": nil, "big": 18446744073709551615.0, "endless": ".inf",
	}
	for _, tt := range []struct {
		name, file, content, value string
		want                       Data
		facts                      enrich.Facts
	}{
		{"mapping", "a.yaml", mapping, "checkout", row, enrich.Facts{
			{Name: "team", Value: "shop", Lead: enrich.Owner},
			{Name: "tier", Value: "1"},
			{Name: "load", Value: "0.5"},
			{Name: "on", Value: "true"},
			{Name: "oncall", Value: "a, b", Lead: enrich.OnCall},
			{Name: "slack", Value: `{"id":9007199254740993}`},
			{Name: "big", Value: "18446744073709552000"},
			{Name: "endless", Value: ".inf"},
		}},
		{"anchors and merges", "a.yaml", "a: &a {team: shop, since: 2026-11-29, n: 1e5}\nb: {<<: *a, team: data}\n", "b", Data{"key": "b", "team": "data", "since": "2026-11-29", "n": 1e5}, enrich.Facts{
			{Name: "team", Value: "data", Lead: enrich.Owner}, {Name: "since", Value: "2026-11-29"}, {Name: "n", Value: "100000"},
		}},
		{"mapping of values", "a.yml", mapping, "cart", Data{"key": "cart", "value": "shop"}, enrich.Facts{{Name: "value", Value: "shop"}}},
		{"list", "a.yaml", "- {service: checkout, team: shop}\n- {service: 7, lead: a}\n", "7", Data{"service": int64(7), "lead": "a"}, enrich.Facts{{Name: "lead", Value: "a"}}},
		{"JSON", "a.json", `[{"service":"checkout","team":"shop","debt":-1}]`, "checkout", Data{"service": "checkout", "team": "shop", "debt": int64(-1)}, enrich.Facts{{Name: "team", Value: "shop", Lead: enrich.Owner}, {Name: "debt", Value: "-1"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := enrichtest.Find(t, newStep(folder(map[string]string{tt.file: tt.content}), Config{File: tt.file, Value: tt.value}), alert.Alert{})
			if diff := cmp.Diff(tt.want, f.Data); diff != "" {
				t.Errorf("data (-want +got):\n%s", diff)
			}
			enrichtest.Blocks(t, f, tt.facts)
			if _, err := json.Marshal(f.Data); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEnrich_Links(t *testing.T) {
	const table = "service,Runbook URL,dashboard,docs,wiki,repo,mail\n" +
		"checkout,https://x.example/1,https://x.example/2,https://x.example/3,http://x.example/4,https://x.example/5,mailto:a@example.com\n"
	f := enrichtest.Find(t, newStep(folder(map[string]string{"a.csv": table}), Config{File: "a.csv"}), checkout)
	enrichtest.Blocks(t, f,
		enrich.Facts{{Name: "mail", Value: "mailto:a@example.com"}},
		enrich.Links{
			{Kind: "runbook", Title: "Runbook URL", URL: "https://x.example/1"},
			{Kind: "dashboard", Title: "dashboard", URL: "https://x.example/2"},
			{Kind: "documentation", Title: "docs", URL: "https://x.example/3"},
			{Kind: "documentation", Title: "wiki", URL: "http://x.example/4"},
			{Title: "repo", URL: "https://x.example/5"},
		})
}

func TestEnrich_Limits(t *testing.T) {
	header, values := "service", "checkout"
	for i := range 100 {
		header += "," + strings.Repeat("x", i+1)
		values += "," + strings.Repeat("é", 1000)
	}
	f := enrichtest.Find(t, newStep(folder(map[string]string{"a.csv": header + "\n" + values}), Config{File: "a.csv"}), checkout)
	facts := f.Blocks[0].(enrich.Facts)
	if len(facts) != maxShown || len([]rune(facts[0].Value)) != maxValueRunes {
		t.Errorf("got %d facts, the first of %d runes", len(facts), len([]rune(facts[0].Value)))
	}
}

func TestEnrich_NoRow(t *testing.T) {
	tables := folder(map[string]string{"owners.csv": owners})
	for _, tt := range []struct {
		name   string
		config Config
		alert  alert.Alert
		want   string
	}{
		{"value", Config{File: "owners.csv", Value: "search\n@all"}, checkout, "owners.csv has no row whose service is search @all"},
		{"tag", Config{File: "owners.csv"}, alert.Alert{Tags: alert.Tags{"service:search"}}, "owners.csv has no row whose service is search"},
		{"no tag", Config{File: "owners.csv"}, alert.Alert{}, "the alert has no tag service to look up in owners.csv"},
		{"no tag for the key", Config{File: "owners.csv", Key: "note"}, checkout, "the alert has no tag note to look up in owners.csv"},
		{"empty cell", Config{File: "owners.csv", Key: "runbook", Value: " "}, checkout, "owners.csv has no row whose runbook is "},
	} {
		t.Run(tt.name, func(t *testing.T) { enrichtest.Skips(t, newStep(tables, tt.config), tt.alert, tt.want) })
	}
}

func TestTables_Check(t *testing.T) {
	files := map[string]string{
		"owners.csv": owners, "empty.csv": "", "header.csv": "service,team\n", "ragged.csv": "a,b\n1\n", "quoted.csv": "\"a\nb,c\n", "twice.csv": "a,a\n1,2\n", "nameless.csv": "a,\n1,2\n",
		"same.csv": "a,b\nx,1\ny,2\nX ,3\n", "bad.yaml": "a: [", "text.yaml": "hello", "empty.yaml": "", "list.yaml": "- a\n", "hollow.yaml": "- {}\n", "key.yaml": "a: {key: 1}", "twice.yaml": "a: 1\na: 2\n",
		"huge.csv": strings.Repeat("a", maxFileBytes+1), "a.txt": "a",
	}
	for _, tt := range []struct {
		config Config
		want   string
	}{
		{Config{File: "owners.csv"}, ""},
		{Config{File: "owners.csv", Key: "tier", Show: []string{"team"}}, ""},
		{Config{File: "none.csv"}, "file: none.csv: there is no such file beside the playbook file"},
		{Config{File: "../owners.csv"}, "file: ../owners.csv: there is no such file beside the playbook file"},
		{Config{File: "a.txt"}, "file: a.txt: it is not a .csv, .yaml, .yml or .json file"},
		{Config{File: "empty.csv"}, "file: empty.csv: it is empty; its first line must name the columns"},
		{Config{File: "header.csv"}, "file: header.csv: it has no rows"},
		{Config{File: "ragged.csv"}, "file: ragged.csv: record on line 2: wrong number of fields"},
		{Config{File: "quoted.csv"}, "file: quoted.csv: record on line 1; parse error on line 2, column 5: extraneous or missing \" in quoted-field"},
		{Config{File: "twice.csv"}, `file: twice.csv: column 2 of the first line has an empty or duplicate name: "a"`},
		{Config{File: "nameless.csv"}, `file: nameless.csv: column 2 of the first line has an empty or duplicate name: ""`},
		{Config{File: "same.csv"}, "key: same.csv: line 2 and line 4 both have a x"},
		{Config{File: "owners.csv", Key: "team"}, "key: owners.csv: line 2 and line 4 both have team shop"},
		{Config{File: "owners.csv", Key: "lead", Show: []string{"boss"}}, "key: owners.csv: there is no column \"lead\"; the columns are service, team, tier, runbook, note\n" +
			"show: owners.csv: there is no column \"boss\"; the columns are service, team, tier, runbook, note"},
		{Config{File: "bad.yaml"}, "file: bad.yaml: invalid YAML at line 2, column 1: did not find expected node content"},
		{Config{File: "twice.yaml"}, `file: twice.yaml: invalid YAML at line 2, column 1: mapping key "a" already defined at line 1`},
		{Config{File: "text.yaml"}, "file: text.yaml: it is neither a list of rows nor a mapping of rows by name"},
		{Config{File: "empty.yaml"}, "file: empty.yaml: it has no rows"},
		{Config{File: "list.yaml"}, "file: list.yaml: row 1 is not a mapping of columns"},
		{Config{File: "hollow.yaml"}, "file: hollow.yaml: it has no rows"},
		{Config{File: "key.yaml"}, `file: key.yaml: row 1 has a column "key", which is reserved for the row's name`},
		{Config{File: "huge.csv"}, "file: huge.csv: it is larger than 4 MiB"},
	} {
		t.Run(tt.config.File+"_"+tt.config.Key, func(t *testing.T) {
			got := ""
			if err := folder(files).Check(tt.config); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestEnrich_UnusableTable(t *testing.T) {
	for _, tt := range []struct {
		config Config
		want   string
	}{
		{Config{File: "none.csv"}, "cannot use the table none.csv: there is no such file beside the playbook file"},
		{Config{File: "owners.csv", Key: "lead", Value: "a"}, `cannot use the table owners.csv: there is no column "lead"; the columns are service, team, tier, runbook, note`},
	} {
		_, err := newStep(folder(map[string]string{"owners.csv": owners}), tt.config).Enrich(t.Context(), checkout)
		if f := fault.From(err); f == nil || f.Kind != fault.Permanent || f.Public != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestTables_ReadOnce(t *testing.T) {
	files := fstest.MapFS{"owners.csv": {Data: []byte(owners)}}
	step := newStep(NewTables(files), Config{File: "owners.csv"})
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			if _, err := step.Enrich(t.Context(), checkout); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	delete(files, "owners.csv")
	enrichtest.Find(t, step, checkout)
}

type broken struct{ fs.File }

func (broken) Read([]byte) (int, error)       { return 0, errors.New("the disk is gone") }
func (broken) Close() error                   { return nil }
func (b broken) Open(string) (fs.File, error) { return b, nil }
func TestTables_Check_ReadError(t *testing.T) {
	err := NewTables(broken{}).Check(Config{File: "a.csv"})
	if want := "file: a.csv: cannot read it: the disk is gone"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestEnrich_ChangesNothing(t *testing.T) {
	tables := folder(map[string]string{"owners.csv": owners})
	a := alert.Alert{Tags: append(make(alert.Tags, 0, 8), checkout.Tags...)}
	first := enrichtest.Find(t, newStep(tables, Config{File: "owners.csv"}), a)
	first.Data.(Data)["team"] = "changed"
	if again := enrichtest.Find(t, newStep(tables, Config{File: "owners.csv"}), a); again.Data.(Data)["team"] != "shop" {
		t.Error("a finding's data is the table's own")
	}
	if diff := cmp.Diff(make(alert.Tags, 6), a.Tags[2:8]); diff != "" {
		t.Errorf("the memory behind the alert's tags changed:\n%s", diff)
	}
}

func TestConfig_Validate(t *testing.T) {
	for _, tt := range []struct {
		config Config
		want   string
	}{
		{Config{File: "tables/owners.csv", Key: "service", Value: "{{ .alert.tags.service }}"}, ""},
		{Config{File: "owners.json"}, ""},
		{Config{}, "file: set the table, such as owners.csv"},
		{Config{File: "{{ .alert.tags.file }}.csv"}, "file, key: templates are not allowed, because an alert must not choose them"},
		{Config{File: "owners.csv", Key: "{{ .alert.tags.column }}"}, "file, key: templates are not allowed, because an alert must not choose them"},
		{Config{File: "../owners.csv"}, `file: "../owners.csv" must be in the playbook file's folder or below, without .. and with slashes`},
		{Config{File: "/etc/passwd"}, `file: "/etc/passwd" must be in the playbook file's folder or below, without .. and with slashes`},
		{Config{File: "owners.xlsx"}, `file: "owners.xlsx" is not a .csv, .yaml, .yml or .json file`},
	} {
		enrichtest.Validate(t, tt.config, tt.want)
	}
}

func FuzzTable(f *testing.F) {
	f.Add(owners, "service: checkout")
	f.Add("\"a\n", "- {a: 1}\n- [")
	f.Fuzz(func(t *testing.T, csv, yaml string) {
		tables := folder(map[string]string{"a.csv": csv, "a.yaml": yaml})
		for _, file := range []string{"a.csv", "a.yaml"} {
			if tables.Check(Config{File: file}) == nil {
				f, err := newStep(tables, Config{File: file, Value: "checkout"}).Enrich(t.Context(), checkout)
				if err == nil && len(f.Blocks) == 0 {
					t.Errorf("a finding without blocks of %q, %q", csv, yaml)
				}
			}
		}
	})
}
