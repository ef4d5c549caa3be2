package alert

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// repeated are texts, # in them a number and K a key of a quarter of its length, that make bodies costly to read, if a pass
// takes more than linear time.
var repeated = map[string]struct{ before, text, after string }{
	"quotes":         {`{"title":"`, `"`, `"}`},
	"spaced quotes":  {`{"title":"[`, `" `, `"}`},
	"commas":         {`{"title":"t"`, `,`, `}`},
	"backslashes":    {`{"title":"`, `\`, `"}`},
	"objects":        {`{"title":`, `{"a":`, `}`},
	"lists":          {`{"title":"t","a":`, `[`, `}`},
	"braces":         {`{"title":"`, `{`, `"}`},
	"closed":         {`{"title":"{`, `"}`, `"}`},
	"texts":          {`{"title":"t","a":[`, `"a" `, `]}`},
	"inner objects":  {`{"title":"t"`, `,"k":"{"k":"v"}"`, `}`},
	"cut objects":    {`{"title":"t"`, `,"k":"{"k":"v`, `}`},
	"inner lists":    {`{"title":"[`, `","k":"[`, `}`},
	"numbers":        {`{"title":"t","a":"[`, `1,`, `"}`},
	"variables":      {`{"title":"t","a":[`, `$X`, `]}`},
	"words":          {`{"title":"t","a":[`, `$X `, `]}`},
	"tags variable":  {`{"title":"t","a":[`, `$TAGS[`, `}`},
	"lines":          {`{"title":"`, "\n", `"}`},
	"one number":     {`{"title":"t","a":`, `1`, `}`},
	"tags":           {`{"title":"t","tags":"`, `#,`, `"}`},
	"list of tags":   {`{"title":"t","tags":["a"`, `,"#"`, `]}`},
	"object of tags": {`{"title":"t","tags":{"a":1`, `,"#":1`, `}}`},
	"keys":           {`{"title":"t"`, `,"a#":{"date":"x"}`, `}`},
	"invalid UTF-8":  {`{"title":"`, "\xff", `"}`},
	"surrogates":     {`{"title":"`, `\ud83d`, `"}`},
	"marks":          {`{"title":"`, `[{]`, `"}`},
	"links":          {`{"title":"t","body":"`, `](https://a/monitors/1#?event_id=830608220279602569#`, `"}`},
	"cards":          {`{"text":"t","a":{"b":[0`, `,{"title":"#","value":"a b"}`, `]}}`},
	"event links":    {`{"title":"t","body":"`, `https://app.datadoghq.com/event/event?id=8306082202796#1 `, `"}`},
	"monitor links":  {`{"title":"t","body":"`, `https://app.datadoghq.com/monitors/1#?a=b `, `"}`},
	"footers":        {`{"title":"t","body":"`, `[![Metric Graph](https://x)](https://app.datadoghq.com/monitors/1#?event_id=8306082202796#1&group=a:b) `, `"}`},
	"schemes":        {`{"title":"t","body":"`, `://`, `"}`},
	"one address":    {`{"title":"t","body":"https://app.datadoghq.com/monitors/1?`, `&group=a`, `"}`},
	"priorities":     {`{"title":"`, `[P1] `, `"}`},
	"open marks":     {`{"title":"`, `[a{`, `"}`},
	"fields":         {`{"a":"b c"`, `,"k#":"word #"`, `}`},
	"nested fields":  {`{"title":"t","a":[`, `{"b":{"c":["#"]}},`, `1]}`},
	"labels":         {`{"title":"t","a":[`, `{"title":"date","value":"x#"},`, `1]}`},
	"blank lines":    {`{"body":"`, `\n%%%`, `"}`},
	"long key":       {`{"title":"t","K":{"K":[0`, `,{"id":1}`, `]}}`},
	"HTML":           {`{"title":"t","body":"<p>`, `<a href='https://x'><br>`, `"}`},
	"tags of HTML":   {`{"title":"t","body":"x`, `<a></b><br>`, `"}`},
	"XML":            {`{"title":"t","body":"<a>`, `<b>#`, `</a>"}`},
	"lines of marks": {`{"body":"x`, `\n*[P1] [[Warn](http://a`, `"}`},
	"constant links": {`{"link":"https://a"`, `,"a#":{"url":"https://a/monitors/"}`, `}`},
	"wrapped":        {`{"a":{"b":{"c":{"k":1`, `,"k#":"{\"id\":#,\"title\":\"t\"}"`, `}}}}`},
	"only a link":    {`{"title":"t","a":"<http://a|`, `b `, `"}`},
	"foreign":        {`{"title":"{{`, `a `, `}}"}`},
	"alerts":         {`{"alerts":[{"title":"[Warn] #"}`, `,{"title":"[Warn] a#"}`, `]}`},
	"bold marks":     {`{"a":"x y`, `*[ https://a`, `"}`},
	"form fields":    {`title=t`, `&tags=#`, ``},
}

func repeatedBody(name string, size int) []byte {
	r := repeated[name]
	body := []byte(strings.ReplaceAll(r.before, "K", strings.Repeat("k", size/4)))
	for i := 0; len(body) < size; i++ {
		body = append(body, strings.ReplaceAll(r.text, "#", strconv.Itoa(i))...)
	}
	return append(body, r.after...)
}

// processorTime is that of this process, which a busy machine does not change.
func processorTime() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// From 16 to 256 KiB, a linear pass takes 16 times as long, and a quadratic one 256 times.
func TestDecode_LinearTime(t *testing.T) {
	fastest := func(body []byte, enough time.Duration) time.Duration {
		best := time.Hour
		for tries := 0; tries < 5 && best > enough; tries++ { // A collection of garbage takes time, too.
			start := processorTime()
			_, _ = DecodeForm(body)
			best = min(best, processorTime()-start)
		}
		return best
	}
	for name := range repeated {
		t.Run(name, func(t *testing.T) {
			short := max(fastest(repeatedBody(name, 16<<10), 5*time.Millisecond), 5*time.Millisecond)
			long := fastest(repeatedBody(name, 256<<10), 64*short)
			if long > 64*short {
				t.Errorf("16 KiB took %s, 256 KiB %s", short, long)
			}
		})
	}
}
