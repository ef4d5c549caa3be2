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
	for name, spelling := range map[string]string{
		"itself":         secret,
		"hex":            hex.EncodeToString([]byte(secret)),
		"spaced hex":     fmt.Sprintf("% x", secret),
		"prefixed hex":   fmt.Sprintf("%# x", secret),
		"decimal octets": strings.Join(octets, " "),
		"quoted runes":   strings.Join(runes, " "),
		"Go syntax":      strings.Trim(fmt.Sprintf("%#v", []byte(secret)), "[]byte{}"),
		"base64":         strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
		"quoted":         fmt.Sprintf("%q", secret),
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

// TestSecret_Redacted prints values with every verb and encoder.
func TestSecret_Redacted(t *testing.T) {
	verbs := strings.Fields("%v %+v %#v %s %+s %#s %q %+q %#q %x %#x %X %d %b %o %O %c %U %#U %t %e %f %g %p %w %T %z %20s %-20v %.3s %08d %*d %[1]v")
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, verb := range append(verbs, "% x", "%# x", "%s %s") {
				fmt.Fprintln(&out, fmt.Sprintf(verb, shape.value), fmt.Sprintf(verb, shape.value, shape.value), fmt.Errorf(verb, shape.value))
			}
			for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
				slog.New(h).Info("m", "value", shape.value, "error", fmt.Errorf("refused %v: %w", shape.value, errors.New("x")), slog.Group("g", "inner", shape.value))
			}
			if err := json.NewEncoder(&out).Encode(shape.value); err != nil {
				t.Fatal(err)
			}
			assertNoSecret(t, out.String(), hidden)
			if got := fmt.Sprint(shape.value); shape.want != "" && got != shape.want {
				t.Errorf("got %s, want %s", got, shape.want)
			}
		})
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%[1]v,%+[1]v,%#[1]v,%[1]s,%[1]q,%[1]x,%[1]d,%[1]t\n", New(hidden))
	if err := template.Must(template.New("").Parse("{{.}} {{.Key}} {{printf `%x` .Key}}\n")).Execute(&out, keyring{"k", New(hidden)}); err != nil {
		t.Fatal(err)
	}
	if err := xml.NewEncoder(&out).Encode(keyring{"k", New(hidden)}); err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "text" {
			return a
		}
		return slog.Attr{}
	}}))
	logger.Info("", "text", New(hidden))
	want := strings.Repeat("<secret>,", 7) + "<secret>\n{k <secret>} <secret> <secret>\n" +
		"<keyring><Name>k</Name><Key>&lt;secret&gt;</Key></keyring>" + `{"text":"<secret>"}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSecret_Reveal(t *testing.T) {
	for _, s := range []string{"", "a", " ", hidden, "naïve \x00 \xff"} {
		if got := New(s); got.Reveal() != s {
			t.Errorf("got %q, want %q", got.Reveal(), s)
		}
	}
	if zero := (Secret{}); zero.Reveal() != "" {
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
