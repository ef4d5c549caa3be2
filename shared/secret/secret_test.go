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

// assertNoSecret fails when text shows secret in any spelling that fmt or an
// encoder gives to a string.
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
	spellings := map[string]string{
		"itself":         secret,
		"hex":            hex.EncodeToString([]byte(secret)),
		"spaced hex":     fmt.Sprintf("% x", secret),
		"prefixed hex":   fmt.Sprintf("%# x", secret),
		"decimal octets": strings.Join(octets, " "),
		"quoted runes":   strings.Join(runes, " "),
		"Go syntax":      strings.Trim(fmt.Sprintf("%#v", []byte(secret)), "[]byte{}"),
		"base64":         strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
		"JSON":           string(asJSON),
	}
	for name, spelling := range spellings {
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

func TestText_is_hidden_from_fmt(t *testing.T) {
	text := New(hidden)
	// want has the output when every method of the value can be reached; it is
	// empty where fmt reaches no method and only the absence can be asked for.
	shapes := []struct {
		name  string
		value any
		want  string
	}{
		{"itself", text, "<secret>"},
		{"pointer", &text, "<secret>"},
		{"interface", any(text), "<secret>"},
		{"slice", []Secret{text, text}, "[<secret> <secret>]"},
		{"array", [1]Secret{text}, "[<secret>]"},
		{"map", map[string]Secret{"": text}, "map[:<secret>]"},
		{"struct", keyring{"", text}, "{ <secret>}"},
		{"pointer to struct", &keyring{"", text}, "&{ <secret>}"},
		{"datadog keys", DatadogKeys{API: text, App: text}, "{<secret> <secret>}"},
		{"unexported field", closedKeyring{"", text}, ""},
		{"pointer to unexported field", &closedKeyring{"", text}, ""},
		{"nested unexported field", []any{struct{ inner closedKeyring }{closedKeyring{"", text}}}, ""},
		{"token pair", tokenVersions{current: text, previous: text}, ""},
		{"embedded", struct{ Secret }{text}, "<secret>"},
	}
	verbs := []string{
		"%v", "%+v", "%#v", "%s", "%+s", "%#s", "%q", "%+q", "%#q", "%x", "% x", "%# x", "%X", "%d", "%b", "%o", "%O",
		"%c", "%U", "%#U", "%t", "%e", "%f", "%g", "%p", "%w", "%T", "%z", "%20s", "%-20v", "%.3s", "%08d", "%*d", "%s %s", "%[1]v",
	}
	for _, shape := range shapes {
		for _, verb := range verbs {
			t.Run(shape.name+"/"+verb, func(t *testing.T) {
				assertNoSecret(t, fmt.Sprintf(verb, shape.value), hidden)
				assertNoSecret(t, fmt.Sprintf(verb, shape.value, shape.value), hidden)
				assertNoSecret(t, fmt.Errorf(verb, shape.value).Error(), hidden)
			})
		}
		if shape.want == "" {
			continue
		}
		t.Run(shape.name+"/reads_as_secret", func(t *testing.T) {
			if got := fmt.Sprintf("%v", shape.value); got != shape.want {
				t.Errorf("got %s, want %s", got, shape.want)
			}
			if got := fmt.Sprint(shape.value); got != shape.want {
				t.Errorf("got %s, want %s", got, shape.want)
			}
		})
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%e", "%c", "%U"} {
		if got := fmt.Sprintf(verb, text); got != "<secret>" {
			t.Errorf("%s prints %s, want <secret>", verb, got)
		}
	}
}

func TestText_is_hidden_from_encoders(t *testing.T) {
	text := New(hidden)
	for name, value := range map[string]any{
		"itself": text, "pointer": &text, "slice": []Secret{text}, "map": map[string]Secret{"k": text},
		"struct": keyring{"k", text}, "unexported": closedKeyring{"k", text}, "keys": DatadogKeys{API: text, App: text},
	} {
		t.Run("json/"+name, func(t *testing.T) {
			out, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			assertNoSecret(t, string(out), hidden)
		})
	}
	var back string
	out, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &back); err != nil || back != "<secret>" {
		t.Errorf("JSON reads back as %q (%v), want <secret>", back, err)
	}
	if out, err := text.MarshalText(); err != nil || string(out) != "<secret>" {
		t.Errorf("MarshalText gives %q (%v), want <secret>", out, err)
	}
	out, err = xml.Marshal(keyring{"k", text})
	if err != nil {
		t.Fatal(err)
	}
	assertNoSecret(t, string(out), hidden)

	var page bytes.Buffer
	if err := template.Must(template.New("").Parse(`{{.}} {{.Key}} {{printf "%x" .Key}}`)).Execute(&page, keyring{"k", text}); err != nil {
		t.Fatal(err)
	}
	if want := "{k <secret>} <secret> <secret>"; page.String() != want {
		t.Errorf("a template prints %s, want %s", &page, want)
	}
}

func TestText_is_hidden_from_slog(t *testing.T) {
	text := New(hidden)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(handler(&out))
			log.Info("m", "text", text, "pointer", &text, "struct", keyring{"k", text}, "closed", closedKeyring{"k", text},
				"slice", []Secret{text}, "map", map[string]Secret{"k": text}, "keys", DatadogKeys{API: text, App: text},
				"error", fmt.Errorf("refused %v: %w", text, errors.New("x")), slog.Group("g", "inner", text))
			assertNoSecret(t, out.String(), hidden)
			for _, want := range []string{`text=<secret>`, `"text":"<secret>"`} {
				if strings.HasPrefix(want, `"`) == (name == "json") && !strings.Contains(out.String(), want) {
					t.Errorf("no %s in %s", want, &out)
				}
			}
		})
	}
}

func TestText_Reveal(t *testing.T) {
	for _, s := range []string{"", "a", hidden, "naïve \x00 \xff"} {
		if got := New(s).Reveal(); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
	}
	if got := (Secret{}).Reveal(); got != "" {
		t.Errorf("the zero Text reveals %q", got)
	}
}

func TestText_Equal(t *testing.T) {
	tests := []struct {
		name string
		a, b Secret
		want bool
	}{
		{"same", New(hidden), New(hidden), true},
		{"other", New(hidden), New("other"), false},
		{"prefix", New(hidden), New(hidden[:5]), false},
		{"longer", New(hidden), New(hidden + " "), false},
		{"empty and full", Secret{}, New(hidden), false},
		{"both empty", Secret{}, New(""), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.a.Equal(tt.b); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
			if got := tt.b.Equal(tt.a); got != tt.want {
				t.Errorf("the other way: got %t, want %t", got, tt.want)
			}
		})
	}
	if !cmp.Equal(DatadogKeys{API: New("a"), App: New("b")}, DatadogKeys{API: New("a"), App: New("b")}) {
		t.Error("go-cmp does not see that the keys are equal")
	}
}

func TestText_IsEmpty(t *testing.T) {
	if !(Secret{}).IsEmpty() || !New("").IsEmpty() || New(" ").IsEmpty() {
		t.Error("only a Text without a single character is empty")
	}
}
