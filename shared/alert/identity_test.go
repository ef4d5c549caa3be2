package alert

import (
	"net/url"
	"slices"
	"testing"
)

// The keys are in the tables of deployed stacks: a body must keep its key, or an upgrade posts an alert twice.
func TestAlert_Key_Stable(t *testing.T) {
	const withoutID = `{"title":"[Triggered] CPU","body":"%%%\n<a> & \"b\" é \u2028 😀 \u0001\t\\\n%%%","tags":["env:prod","a"],"org":{"id":"352347"},"n":[1,2.50,1e2,-0.0,null,true,false],"":{},"o":[[]]}`
	for name, tt := range map[string]struct {
		body   string
		decode func([]byte) (Alert, error)
		want   string
	}{
		"id":               {`{"id":"8306082202796025694","org_id":"1"}`, Decode, "1:sha256:c9e208bb8d5cab96e7bc040964109896a0a300b21ea1668b9e6153a27eb67a92"},
		"id and link":      {`{"id":"8306082202796025694","org_id":"1","link":"https://app.datadoghq.com/monitors/1?event_id=8306082202796025694"}`, Decode, "1:8306082202796025694"},
		"id in the link":   {`{"title":"t","link":"https://app.datadoghq.com/event/jump_to?event_id=8306082202796025694"}`, Decode, ":8306082202796025694"},
		"monitor id as id": {`{"title":"t","id":"1234","alert_id":"1234","org_id":"2"}`, Decode, "2:sha256:3c167794e45e85025d9836083c3104c7d1bd4ecaeb59e54a49d2b8122169e48f"},
		"escapes":          {withoutID, Decode, "352347:sha256:fd246caa03c1f01e80f66021dad3e77b05e535ae97f4cf2d4c710ca0c09643ef"},
		"sorted":           {`{"z":1,"a":{"c":1,"b":2},"title":"t","Z":2,"é":3}`, Decode, ":sha256:c6fe39ead57378894068c71b213a3954525de4fcdd996fe2dbfa44aa815a8259"},
		// Computed outside: printf '%s' '{"a":{"b":["\u0001",1e2]},"title":"t"}' | sha256sum
		"sorted and escaped": {`{ "title":"t", "a":{"b":["\u0001", 1e2]} }`, Decode, ":sha256:0bc40d896e29cbe662d6132978850257bc2fc02f2fd24c2f655ff0d7a12bc591"},
		"duplicate keys":     {`{"title":"t","title":"u","x":1,"x":2}`, Decode, ":sha256:d770e71b5dde2ddf806f591ade96d22aa45c934d3793bd8f253efc3efb88f04f"},
		"byte order mark":    {"\ufeff {\"title\":\"t\"}\n", Decode, ":sha256:fd32f01954a82d8192431bf0c8d2fe22d8c10a9d62a1f4aad96228b065e6cc65"},
		"invalid UTF-8":      {"{\"title\":\"a\xff\xfeb\"}", Decode, ":sha256:efcc721ae05768354dbe3e33ae73c8bdf5a5c882e94065f7704a779637d16c38"},
		"lone surrogate":     {`{"title":"\ud83dx\ud83d\ude00"}`, Decode, ":sha256:d43b4f273fbb2ca11abe15c255a00c90e3ecf69b68d0bac7c2a32263dea61dab"},
		"JSON in quotes":     {`{"title":"t","logs_sample":"` + rawSample + `","org_id":"2"}`, Decode, "2:sha256:d24df637dd87d294642c51a331c30687a47f11753871056a44318031f3902a45"},
		"cut JSON":           {`{"title":"t","logs_sample":"` + cutSample + `"}`, Decode, ":sha256:1690990a6f1e85999fa936ad1f8213daf2ba44677dcbe778fd239c8bd0238271"},
		"form":               {"title=a+b%26&org[id]=7&tags[]=a&tags[]=b&tags=c&x=%7B%22a%22%3A1%7D&y=100%", DecodeForm, "7:sha256:06b2bec90b64dab8cb9a88fec6bc2f276250b892e128ef1970ec08f46735bbc4"},
		"form with payload":  {"x=1&payload=" + url.QueryEscape(withoutID), DecodeForm, "352347:sha256:a8329dc1adb119f0ddeeef54ccdf8f0baabbc261a5987514672108b521ac790c"},
		"JSON as a form":     {withoutID, DecodeForm, "352347:sha256:fd246caa03c1f01e80f66021dad3e77b05e535ae97f4cf2d4c710ca0c09643ef"},
		"JSON as a key":      {url.QueryEscape(withoutID) + "=", DecodeForm, "352347:sha256:fd246caa03c1f01e80f66021dad3e77b05e535ae97f4cf2d4c710ca0c09643ef"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := tt.decode([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := a.Key(); got != tt.want {
				t.Errorf("key %q, want %q", got, tt.want)
			}
		})
	}
}

const (
	thisEvent  = "8306082202796025694"
	otherEvent = "8306082202796025695"
)

func TestDecode_Identity(t *testing.T) {
	const site = "https://app.datadoghq.com"
	footer := func(query string) string {
		return `"body":"%%%\n@x\n[![Metric Graph](https://p.datadoghq.com/a.png)](` + site + `/monitors/1234` + query + `)\n\n- - -\n[[Monitor Status](` + site + `/monitors/1234` + query + `)]\n%%%"`
	}
	for name, tt := range map[string]struct {
		fields      string
		id, monitor string
		certain     bool
		source      string // of the guess
	}{
		"id and link":              {`"id":"` + thisEvent + `","link":"` + site + `/event/event?id=` + thisEvent + `"`, thisEvent, "", true, ""},
		"id and the footer":        {`"id":"` + thisEvent + `",` + footer(`?event_id=`+thisEvent), thisEvent, "1234", true, ""},
		"id alone":                 {`"id":"` + thisEvent + `"`, thisEvent, "", false, "id"},
		"link alone":               {`"link":"` + site + `/event/jump_to?event_id=` + thisEvent + `"`, thisEvent, "", true, "link"},
		"url of the monitor":       {`"url":"` + site + `/monitors/1234?from_ts=1&event_id=` + thisEvent + `"`, thisEvent, "1234", true, "link"},
		"older url":                {`"event_url":"` + site + `/event/event?event_id=` + thisEvent + `"`, thisEvent, "", true, "link"},
		"number sign":              {`"alert_url":"` + site + `/monitors#1234?event_id=` + thisEvent + `"`, thisEvent, "1234", true, "link"},
		"number sign of an event":  {`"link":"` + site + `/event/jump_to#event_id=` + thisEvent + `"`, thisEvent, "", true, "link"},
		"site":                     {`"link":"https://us3.datadoghq.com/event/event?id=` + thisEvent + `"`, thisEvent, "", true, "link"},
		"government":               {`"link":"https://app.ddog-gov.com/event/event?id=` + thisEvent + `"`, thisEvent, "", true, "link"},
		"another host":             {`"link":"https://example.com/event/event?id=` + thisEvent + `"`, "", "", false, "content"},
		"several alerts in a list": {`"alerts":[{"id":"` + thisEvent + `","url":"` + site + `/event/event?id=` + thisEvent + `"},{"id":"` + otherEvent + `"}]`, thisEvent, "", false, "id"},
		"one alert in a list":      {`"alerts":[{"id":"` + thisEvent + `","url":"` + site + `/event/event?id=` + thisEvent + `","x":{"event_id":"` + thisEvent + `"}}]`, thisEvent, "", true, "id"},
		"link after a dashboard":   {`"link":"https://app.datadoghq.com/dashboard/abc","event_link":"` + site + `/event/event?id=` + thisEvent + `"`, thisEvent, "", true, "link"},
		"link of another event":    {`"link":"` + site + `/event/event?id=` + thisEvent + `","event_link":"` + site + `/event/event?id=` + otherEvent + `"`, thisEvent, "", true, "link"},
		"almost Datadog's host":    {`"link":"https://evil-datadoghq.com/event/event?id=` + thisEvent + `"`, "", "", false, "content"},
		"Datadog's host as a user": {`"link":"https://app.datadoghq.com@example.com/event/event?id=` + thisEvent + `"`, "", "", false, "content"},
		"Datadog's bare host":      {`"link":"https://datadoghq.com/event/event?id=` + thisEvent + `"`, thisEvent, "", true, "link"},
		"another host's footer":    {`"body":"[[Monitor Status](https://example.com/monitors/1234?event_id=` + thisEvent + `)]"`, "", "1234", false, "content"},
		"customer":                 {`"link":"https://example.datadoghq.eu/monitors/1234?group=a%3Ab&event_id=` + thisEvent + `&link_source=monitor_notif"`, thisEvent, "1234", true, "link"},
		"login":                    {`"link":"` + site + `/account/login?next=%2Fmonitors%2F1234%3Fevent_id%3D` + thisEvent + `"`, thisEvent, "1234", true, "link"},
		"footer alone":             {footer(`?group=a%3Ab&event_id=` + thisEvent), thisEvent, "1234", true, "message"},
		"another event before it":  {`"text_only_msg":"See ` + site + `/event/event?id=` + otherEvent + ` first",` + footer(`?event_id=`+thisEvent), thisEvent, "1234", true, "message"},
		"only another event":       {`"text":"See ` + site + `/event/event?id=` + otherEvent + `"`, "", "", false, "content"},
		"text of a chat":           {`"title":null,"text":"<` + site + `/event/event?id=` + thisEvent + `|[Triggered] x>"`, thisEvent, "", false, "address"},
		"two other events":         {`"text":"See ` + site + `/event/event?id=` + otherEvent + ` and ` + site + `/event/event?id=` + thisEvent + `"`, "", "", false, "content"},
		"nested url":               {`"links":{"datadog_url":"` + site + `/event/event?id=` + thisEvent + `"}`, thisEvent, "", true, "link"},
		"url of a card":            {`"actions":[{"targets":[{"uri":"` + site + `/event/event?id=` + thisEvent + `"}]}]`, thisEvent, "", false, "address"},
		"id and url of a card":     {`"id":"` + thisEvent + `","actions":[{"targets":[{"uri":"` + site + `/event/event?id=` + thisEvent + `"}]}]`, thisEvent, "", true, ""},
		"constant event in a text": {`"link":"Runbook ` + site + `/event/event?id=` + otherEvent + `"`, otherEvent, "", false, "address"},

		"monitor as id":                   {`"id":"1234","link":"` + site + `/event/event?id=` + thisEvent + `"`, thisEvent, "1234", true, "link"},
		"monitor as id, no link":          {`"id":4712`, "", "4712", false, "content"},
		"monitor as id and alert_id":      {`"id":"1234","alert_id":"1234"`, "", "1234", false, "content"},
		"monitor as id, link agrees":      {`"id":1234,"link":"` + site + `/monitors/1234"`, "", "1234", false, "content"},
		"number as id, link contradicts":  {`"id":"99999","link":"` + site + `/monitors#1234/edit"`, "", "1234", false, "content"},
		"organization as id":              {`"id":"352347","org_id":"352347"`, "", "", false, "content"},
		"cycle key as id":                 {`"id":"` + otherEvent + `","alert_cycle_key":"` + otherEvent + `"`, "", "", false, "content"},
		"cycle key as id, link":           {`"id":"` + otherEvent + `","alert_cycle_key":"` + otherEvent + `","link":"` + site + `/event/event?id=` + thisEvent + `"`, thisEvent, "", true, "link"},
		"long number as id, link differs": {`"id":"` + otherEvent + `","link":"` + site + `/event/event?id=` + thisEvent + `"`, thisEvent, "", false, "link"},
		"date as id":                      {`"id":"1795915833572"`, "", "", false, "content"},
		"constant as id":                  {`"id":"datadog"`, "", "", false, "content"},
		"aggregation key as id":           {`"id":"9bd4ac313a4d1e8fae2482df7b77628"`, "", "", false, "content"},
		"alert_id stays":                  {`"id":"1234","alert_id":"99","link":"` + site + `/event/event?event_id=` + thisEvent + `"`, thisEvent, "99", true, "link"},
		"id under another name":           {`"id":"datadog","event_id":"` + thisEvent + `"`, thisEvent, "", false, "id"},

		"event under alert_id":       {`"alert_id":"` + thisEvent + `","link":"` + site + `/event/event?id=` + thisEvent + `"`, thisEvent, "", true, "alert_id"},
		"event under alert.id":       {`"event":{"alert_id":"` + thisEvent + `","alert_url":"` + site + `/event/event?id=` + thisEvent + `"}`, thisEvent, "", true, "alert_id"},
		"event under monitor_id":     {`"monitor_id":"` + thisEvent + `","alert_id":"1234"`, thisEvent, "1234", false, "monitor_id"},
		"event under alert_id alone": {`"alert_id":"` + thisEvent + `"`, thisEvent, "", false, "alert_id"},
	} {
		t.Run(name, func(t *testing.T) {
			a := decode(t, `{"title":"t",`+tt.fields+`}`)
			if a.ID != tt.id || a.MonitorID != tt.monitor || a.Certain() != tt.certain {
				t.Errorf("id %q, monitor id %q, certain %v; want %q, %q, %v", a.ID, a.MonitorID, a.Certain(), tt.id, tt.monitor, tt.certain)
			}
			source := ""
			if i := slices.IndexFunc(a.Guessed, func(g Guess) bool { return g.Field == "identity" }); i >= 0 {
				source = a.Guessed[i].Source
			}
			if source != tt.source {
				t.Errorf("guessed from %q, want %q", source, tt.source)
			}
		})
	}
}
