// Package recordings reads the exchanges with Datadog that the tests of its own clients
// recorded (https://github.com/DataDog/datadog-api-client-go).
package recordings

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
)

// Exchange is one request and what Datadog answered.
type Exchange struct {
	File    string `yaml:"-"`
	Request struct {
		Method string `yaml:"method"`
		URL    string `yaml:"url"`
	} `yaml:"request"`
	Response struct {
		Code    int         `yaml:"code"`
		Headers http.Header `yaml:"headers"`
		Body    string      `yaml:"body"`
	} `yaml:"response"`
}

// Read returns the exchanges in the folder that RECORDINGS names, in the order of its files.
// It skips the test where RECORDINGS is not set. A relative folder may start at the module's
// root, two folders above the package under test.
func Read(t testing.TB) []Exchange {
	t.Helper()
	folder := os.Getenv("RECORDINGS")
	if folder == "" {
		t.Skip("RECORDINGS is not set: name the folder with the recorded exchanges of datadog-api-client-go")
	}
	if _, err := os.Stat(folder); err != nil && !filepath.IsAbs(folder) {
		folder = filepath.Join("..", "..", folder)
	}
	var all []Exchange
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var file struct {
			Interactions []Exchange `yaml:"interactions"`
		}
		if err := yaml.Unmarshal(raw, &file); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, e := range file.Interactions {
			e.File = path
			all = append(all, e)
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d recorded exchanges in %s: %v", len(all), folder, err)
	}
	return all
}
