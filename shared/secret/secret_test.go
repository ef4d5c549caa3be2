package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
)

const hidden = "Tr0ub4dor&3-xyzzy"

// assertNoSecret fails if text shows a secret as fmt or an encoder spells a string.
func assertNoSecret(t *testing.T, text, secret string) {
	t.Helper()
	var octets, runes []string
	for _, b := range []byte(secret) {
		octets = append(octets, fmt.Sprintf("%d", b))
		runes = append(runes, fmt.Sprintf("%q", rune(b)))
	}
	asJSON, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, spelling := range map[string]string{
		"itself":         secret,
		"hex":            hex.EncodeToString([]byte(secret)),
		"spaced hex":     fmt.Sprintf("% x", secret),
		"prefixed hex":   fmt.Sprintf("%# x", secret),
		"decimal octets": strings.Join(octets, " "),
		"quoted runes":   strings.Join(runes, " "),
		"Go syntax":      strings.Trim(fmt.Sprintf("%#v", []byte(secret)), "[]byte{}"),
		"base64":         strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
		"JSON":           string(asJSON),
	} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(spelling)) {
			t.Errorf("shows the secret as %s: %s", name, text)
		}
	}
}

type keyring struct {
	Name string
	Key  Secret
}

type closedKeyring struct {
	name string
	key  Secret
}

// shapes are values with a secret, and what %v prints of those whose methods fmt finds.
func shapes() map[string]struct {
	value any
	want  string
} {
	s := New(hidden)
	return map[string]struct {
		value any
		want  string
	}{
		"itself":                  {s, "<secret>"},
		"pointer":                 {&s, "<secret>"},
		"slice":                   {[]Secret{s, s}, "[<secret> <secret>]"},
		"array":                   {[1]Secret{s}, "[<secret>]"},
		"map":                     {map[string]Secret{"": s}, "map[:<secret>]"},
		"struct":                  {keyring{"", s}, "{ <secret>}"},
		"pointer to struct":       {&keyring{"", s}, "&{ <secret>}"},
		"embedded":                {struct{ Secret }{s}, "<secret>"},
		"keys":                    {DatadogKeys{API: s, App: s}, "{<secret> <secret>}"},
		"unexported field":        {closedKeyring{"", s}, ""},
		"pointer to unexported":   {&closedKeyring{"", s}, ""},
		"nested unexported field": {[]any{struct{ inner closedKeyring }{closedKeyring{"", s}}}, ""},
		"token versions":          {tokenVersions{current: s, previous: s}, ""},
	}
}

func TestSecret_Format(t *testing.T) {
	verbs := strings.Fields("%v %+v %#v %s %+s %#s %q %+q %#q %x %#x %X %d %b %o %O %c %U %#U %t %e %f %g %p %w %T %z %20s %-20v %.3s %08d %*d %[1]v")
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			for _, verb := range append(verbs, "% x", "%# x", "%s %s") {
				assertNoSecret(t, fmt.Sprintf(verb, shape.value), hidden)
				assertNoSecret(t, fmt.Sprintf(verb, shape.value, shape.value), hidden)
				assertNoSecret(t, fmt.Errorf(verb, shape.value).Error(), hidden)
			}
			if got := fmt.Sprint(shape.value); shape.want != "" && got != shape.want {
				t.Errorf("got %s, want %s", got, shape.want)
			}
		})
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%e", "%c", "%U"} {
		if got := fmt.Sprintf(verb, New(hidden)); got != "<secret>" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestSecret_Encoders(t *testing.T) {
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
				slog.New(h).Info("m", "value", shape.value, "error", fmt.Errorf("refused %v: %w", shape.value, errors.New("x")), slog.Group("g", "inner", shape.value))
			}
			asJSON, err := json.Marshal(shape.value)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(asJSON)
			assertNoSecret(t, out.String(), hidden)
		})
	}
	var out bytes.Buffer
	if err := template.Must(template.New("").Parse(`{{.}} {{.Key}} {{printf "%x" .Key}}`)).Execute(&out, keyring{"k", New(hidden)}); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "text", New(hidden))
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "text", New(hidden))
	for _, want := range []string{"{k <secret>} <secret> <secret>", "text=<secret>", `"text":"<secret>"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, &out)
		}
	}
	asXML, err := xml.Marshal(keyring{"k", New(hidden)})
	if err != nil {
		t.Fatal(err)
	}
	assertNoSecret(t, string(asXML), hidden)
	var back string
	if raw, err := json.Marshal(New(hidden)); err != nil || json.Unmarshal(raw, &back) != nil || back != "<secret>" {
		t.Errorf("JSON reads back as %q (%v)", back, err)
	}
}

func TestSecret_Reveal(t *testing.T) {
	for _, s := range []string{"", "a", " ", hidden, "naïve \x00 \xff"} {
		if got := New(s); got.Reveal() != s || got.IsEmpty() != (s == "") {
			t.Errorf("got %q, want %q", got.Reveal(), s)
		}
	}
	if zero := (Secret{}); zero.Reveal() != "" || !zero.IsEmpty() {
		t.Error("the zero Secret is not empty")
	}
}

func TestSecret_Equal(t *testing.T) {
	for name, c := range map[string]struct {
		a, b Secret
		want bool
	}{
		"same":           {New(hidden), New(hidden), true},
		"other":          {New(hidden), New("other"), false},
		"prefix":         {New(hidden), New(hidden[:5]), false},
		"longer":         {New(hidden), New(hidden + " "), false},
		"empty and full": {Secret{}, New(hidden), false},
		"both empty":     {Secret{}, New(""), true},
	} {
		if c.a.Equal(c.b) != c.want || c.b.Equal(c.a) != c.want {
			t.Errorf("%s: want %t", name, c.want)
		}
	}
	keys := func() DatadogKeys { return DatadogKeys{API: New("a"), App: New("b")} }
	if !cmp.Equal(keys(), keys()) {
		t.Error("go-cmp does not use Equal")
	}
	v := tokenVersions{current: New("a"), previous: New("b")}
	for name, other := range map[string]tokenVersions{
		"current":        {current: New("c"), previous: New("b")},
		"previous":       {current: New("a"), previous: New("c")},
		"previous error": {current: New("a"), previous: New("b"), previousErr: errors.New("x")},
		"no previous":    {current: New("a")},
	} {
		if v.Equal(other) || !v.Equal(v) {
			t.Errorf("token versions with another %s are equal", name)
		}
	}
}
