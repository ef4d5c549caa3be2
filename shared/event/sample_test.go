package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/event"
)

func TestCompose_SampleLogs(t *testing.T) {
	const object = `{"columns":["Time","Host"],"label":"Sample Logs","rows":[{"items":["15:21:18 UTC","web"],"message":"[14/Feb] \"GET / HTTP/1.1\" 500 ` + "`x`" + ` @all %%%\n# second line"},{"items":["15:21:19 UTC",7],"message":""},{"message":{"level":"error"}}]}`
	const shown = "\n\n**Sample logs**\n- ``` 15:21:18 UTC · web · [14/Feb] \"GET / HTTP/1.1\" 500 `x` ＠all %% % # second line ```\n- `15:21:19 UTC · 7`\n- `{\"level\":\"error\"}`"
	quoted, _ := json.Marshal(object)
	many := `[` + strings.Repeat(`{"message":"`+strings.Repeat("long ", 200)+`"},`, 20) + `{"message":"last"}]`
	for name, c := range map[string]struct{ sample, want string }{
		"object":         {object, strings.ReplaceAll(shown, "```", "``")},
		"object as text": {string(quoted), strings.ReplaceAll(shown, "```", "``")},
		"rows only":      {`[{"message":"a"}]`, "\n\n**Sample logs**\n- `a`"},
		"text":           {`"panic: a\n\n\tat b"`, "\n\n**Sample logs**\n- `panic: a`\n- `at b`"},
		"many":           {many, "long…`\n- and 16 more"},
		"other rows":     {`{"rows":[["web","a"]]}`, "\n\n**Sample logs**\n- `{\"rows\":[[\"web\",\"a\"]]}`"},
		"lines":          {`["a","b"]`, "\n\n**Sample logs**\n- `[\"a\",\"b\"]`"},
		"none":           {`{"columns":[],"label":"Sample Logs","rows":[]}`, ""},
		"no text":        {`""`, ""},
		"null":           {`null`, ""},
		"absent":         {``, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := alert.Alert{Title: "x", Message: "m", LogsSample: json.RawMessage(c.sample)}
			e, _ := mustCompose(t, a, draft, nil)
			if !strings.HasSuffix(e.Text, c.want+"\n\nm\n %%%") || strings.Contains(e.Text, "Sample logs") != (c.want != "") {
				t.Errorf("got %s", e.Text)
			}
			if own := event.Compose(a, event.Draft{Text: "own text"}, nil, now); strings.Contains(own.Text, "Sample") {
				t.Errorf("a playbook's text has the sample too: %s", own.Text)
			}
		})
	}
}

// Nothing in a log line may end its code.
func TestCompose_SampleLogsOfBackticks(t *testing.T) {
	for _, n := range []int{1, 2, 9, 10, 250, 5000} {
		sample, _ := json.Marshal("x" + strings.Repeat("`", n) + "y **z**")
		e, _ := mustCompose(t, alert.Alert{Title: "x", Message: "m", LogsSample: sample}, draft, nil)
		_, line, _ := strings.Cut(strings.TrimSuffix(e.Text, "\n\nm\n %%%"), "**Sample logs**\n- ")
		fence := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		if inside := strings.TrimSuffix(strings.TrimPrefix(line, fence), fence); len(fence) == 0 || strings.Contains(inside, fence) || !strings.HasSuffix(line, fence) {
			t.Errorf("%d backticks: %s", n, line)
		}
	}
}
