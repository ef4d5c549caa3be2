package fakedatadog_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"boomerang/shared/fakedatadog"
)

// cassette is one recording of Datadog's SDK tests: a sequence of exchanges. The
// newer and the older layout differ in indentation and in keys that are not read here.
type cassette struct {
	name         string
	Interactions []exchange `yaml:"interactions"`
}

type exchange struct {
	Request struct {
		Method  string      `yaml:"method"`
		URL     string      `yaml:"url"`
		Headers http.Header `yaml:"headers"`
		Body    string      `yaml:"body"`
	} `yaml:"request"`
	Response struct {
		Code    int         `yaml:"code"`
		Headers http.Header `yaml:"headers"`
		Body    string      `yaml:"body"`
	} `yaml:"response"`
}

// recordings reads every cassette under v1 and v2 of the folder that RECORDINGS
// names, which may be relative to the top of the repository.
func recordings(t *testing.T) []cassette {
	t.Helper()
	folder := os.Getenv("RECORDINGS")
	if folder == "" {
		t.Skip("RECORDINGS is not set: name the folder of Datadog's recorded exchanges to compare the stand-in with them")
	}
	if _, err := os.Stat(folder); err != nil && !filepath.IsAbs(folder) {
		folder = filepath.Join("..", "..", folder)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("RECORDINGS names a folder that is not there: %v", err)
	}
	var all []cassette
	for _, version := range []string{"v1", "v2"} {
		err := filepath.WalkDir(filepath.Join(folder, version), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			var c cassette
			if err := yaml.Unmarshal(raw, &c); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			c.name, err = filepath.Rel(folder, strings.TrimSuffix(path, ".yaml"))
			all = append(all, c)
			return err
		})
		if err != nil {
			t.Fatalf("reading the recordings: %v", err)
		}
	}
	return all
}

var epochSeconds = regexp.MustCompile(`\b1[4-9][0-9]{8}\b`)

// when returns the time at which an exchange was recorded: the answer's date, or
// the time that Datadog's tests put into the names of what they create.
func (e exchange) when(t *testing.T, otherwise time.Time) time.Time {
	t.Helper()
	if date := e.Response.Headers.Get("Date"); date != "" {
		at, err := http.ParseTime(date)
		if err != nil {
			t.Fatalf("a recorded date: %v", err)
		}
		return at
	}
	if stamp := epochSeconds.FindString(e.Request.Body); stamp != "" {
		seconds, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			t.Fatalf("a recorded time: %v", err)
		}
		return time.Unix(seconds, 0)
	}
	return otherwise
}

// request rebuilds the recorded request, with the ids that the stand-in gave in
// place of the recorded ones. The recordings hold no keys: a refused caller is
// one who had a wrong key, or none where the answer asks for one.
func (e exchange) request(t *testing.T, ids *strings.Replacer) *http.Request {
	t.Helper()
	body := ids.Replace(e.Request.Body)
	r, err := http.NewRequestWithContext(t.Context(), e.Request.Method, ids.Replace(e.Request.URL), strings.NewReader(body))
	if err != nil {
		t.Fatalf("a recorded request: %v", err)
	}
	for name, values := range e.Request.Headers {
		r.Header[name] = values
	}
	apiKey, appKey := fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey
	if e.Response.Code == http.StatusForbidden {
		apiKey, appKey = "wrong", "wrong"
	}
	if !strings.Contains(e.Response.Body, "API key required") {
		r.Header.Set("DD-API-KEY", apiKey)
		r.Header.Set("DD-APPLICATION-KEY", appKey)
	}
	r.Body = io.NopCloser(bytes.NewReader([]byte(body)))
	return r
}
