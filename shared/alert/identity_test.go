package alert

import (
	"net/url"
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
		"id":               {`{"id":"8306082202796025694","org_id":"1"}`, Decode, "1:8306082202796025694"},
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
