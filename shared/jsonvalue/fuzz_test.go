package jsonvalue

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const payload = `{"body":"%%%\nOrders wait \"too long\".\n@webhook-boomerang\n%%%","title":"[P2] [Triggered on {host:orders-1}] Orders pile up \u00b7 \ud83d\ude00",
	"date": 1759343824000, "org": {"id": "352347", "name": null}, "tags": ["env:prod", "team:a, b"], "logs": {"rows": [{"items": ["1"], "message": "late"}]}, "test": false}`

// The parser must read what encoding/json reads.
func FuzzParse(f *testing.F) {
	f.Add([]byte(payload))
	for _, seed := range []string{
		``, `{"a":"{"b":[]}`, `{"a":"{"b":1 c} d","e":2}`, strings.Repeat(`[`, 65), ` [ ] `, `{ "a" : [ 1 , -2.5e+3 , true,false , null, "" ] , "a" : { } }`, "\ufeff\n\"a\"\n", `[[[[]]],{"":{"":[]}}]`,
		`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud83d\ud83dx\ude00\u0000"`, "\"\xff\xfe\\n\xc3\"", "{\"\xff\":1}", `"é漢😀"`, `"\ud83d\u0041\ud83d"`, `"\ud800udC000"`, `"\ud800\\udC00"`,
		`{"a" 1}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{"a"`, `{"a":`, `{a:1}`, `[1,]`, `[,1]`, `[1 2]`, `[`, `]`, `01`, `-`, `-01`, `1.`, `1.5e`, `1e+`, `+1`, `.5`,
		`{"a":"x""b":$X "c":,"d":P2,"e":["f" "g",],"h":"{"i":[1]}"
"k":"l
m"}`, `{"a":[}`, `{"a":$TAGS[`, `{"a"/*`, `0.50e-07`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\ud800\u12"`, "\"\x01\"", "\"\\\n\"", `"abc`, `"\`, `tru`, `nul`, `falsely`, `1 2`, `{} {}`, `NaN`, "1\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rest := bytes.TrimPrefix(bytes.TrimLeft(body, whiteSpace), []byte("\ufeff"))
		p := parser{text: string(rest)}
		got, ok := p.document()
		mended, err := ParseObject(body)
		if malformed, isSyntax := errors.AsType[*SyntaxError](err); err != nil && (!isSyntax || malformed.Offset < 0 || malformed.Offset > len(body) || len(err.Error()) > 600) {
			t.Errorf("unexpected error %T: %v", err, err)
		}
		if !ok {
			if json.Valid(rest) && !p.tooDeep {
				t.Errorf("valid JSON was refused: %v", err)
			}
			return
		}
		dec := json.NewDecoder(bytes.NewReader(rest))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("value (-encoding/json +parser):\n%s", diff)
		}
		if object, isObject := want.(map[string]any); isObject != (err == nil) || isObject && !cmp.Equal(object, mended) {
			t.Errorf("object %v, and error %v", mended, err)
		}
	})
}

// Mistakes that leave one reading change no value.
func FuzzParse_Mistakes(f *testing.F) {
	f.Add([]byte(payload))
	for _, seed := range []string{
		`{"a":["[","{","\"",""],"b":{"c":"[1]","d":"{\"e\":[1,2]}"},"f":1,"g":[[],{},null,true],"h":"//","i":"/*","":" "}`,
		`{"a":["0",true,"1",2,"3",{},"4",[],"5",null]}`,
		`{"a":"[P1] [Triggered on {host:a}] x","b":"\n\t\u0001\\","c":[1,2.5,"x"],"d":["$X","[","]"],"e":"{","f":"\",\"g\":\""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		want, ok := Parse(string(body))
		if _, isObject := want.(map[string]any); !ok || !isObject {
			return
		}
		var lines bytes.Buffer
		if err := json.Indent(&lines, Append(nil, want), "", " "); err != nil {
			t.Fatal(err)
		}
		for name, mistake := range map[string][]string{
			"no commas":      {",\n", "\n"},
			"more commas":    {"\n", ",\n"},
			"raw characters": {`\\`, `\\`, `\u000a`, "\n", `\u0009`, "\t", `\u0001`, "\x01"},
			"no null":        {": null,\n", ":,\n", ": null\n", ":\n"},
		} {
			mended := strings.NewReplacer(mistake...).Replace(lines.String())
			got, err := ParseObject([]byte(mended))
			if diff := cmp.Diff(want, any(got)); err != nil || diff != "" {
				t.Errorf("%s: %v in %s (-want +got):\n%s", name, err, mended, diff)
			}
		}
	})
}
