// Command pictures draws the events of shared/event/examples as Datadog would: each text through a
// markdown library, before and after side by side, in a browser as narrow as a phone.
package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
)

// maxBytes keeps a picture small enough for a repository.
const maxBytes = 80 << 10

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run draws every pair of texts in a folder.
func run(folder string) error {
	browser, err := exec.LookPath(cmp.Or(os.Getenv("CHROMIUM"), "chromium"))
	if err != nil {
		return errors.New("the pictures need chromium, which is not installed: install it, or set CHROMIUM to another browser of its kind")
	}
	afters, err := filepath.Glob(filepath.Join(folder, "*.after.md"))
	if err != nil || len(afters) == 0 {
		return fmt.Errorf("no *.after.md in %s", folder)
	}
	for _, after := range afters {
		name := strings.TrimSuffix(after, ".after.md")
		page, err := sideBySide(name+".before.md", after)
		if err != nil {
			return err
		}
		if err := shoot(browser, page, name+".png"); err != nil {
			return err
		}
	}
	return nil
}

const style = `body{margin:0;display:flex;background:#fff;font:15px/1.4 sans-serif}
article{width:390px;height:1180px;padding:12px;box-sizing:border-box;overflow:hidden;overflow-wrap:anywhere;border-right:1px solid #999}
h2{font-size:16px;margin:0 0 8px}h3{font-size:12px;margin:0 0 8px;color:#555}ul,ol{padding-left:18px;margin:6px 0}p{margin:8px 0}a{color:#333}
code{font-size:13px;background:#eee}.picture{display:block;padding:26px;text-align:center;background:#ddd}
hr.phone{position:absolute;top:780px;left:0;width:780px;margin:0;border:0;border-top:2px dashed #777}`

func sideBySide(before, after string) (string, error) {
	page := "<!doctype html><meta charset=utf-8><style>" + style + "</style>"
	for _, side := range []struct{ name, file string }{{"before", before}, {"after", after}} {
		text, err := os.ReadFile(side.file)
		if err != nil {
			return "", err
		}
		title, body, _ := strings.Cut(string(text), "\n")
		var out bytes.Buffer
		if err := goldmark.Convert([]byte(body), &out); err != nil {
			return "", err
		}
		page += "<article><h3>" + side.name + "</h3><h2>" + html.EscapeString(title) + "</h2>" + picture.ReplaceAllString(out.String(), `<span class=picture>$1</span>`) + "</article>"
	}
	return page + `<hr class=phone>`, nil
}

// picture is one of Datadog's, which the browser cannot load.
var picture = regexp.MustCompile(`<img src="[^"]*" alt="([^"]*)"[^>]*>`)

func shoot(browser, page, file string) error {
	temp, err := os.MkdirTemp("", "pictures")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	source, raw := filepath.Join(temp, "page.html"), filepath.Join(temp, "page.png")
	if err := os.WriteFile(source, []byte(page), 0o600); err != nil {
		return err
	}
	args := []string{"--headless", "--disable-gpu", "--hide-scrollbars", "--window-size=780,1180", "--user-data-dir=" + temp, "--screenshot=" + raw}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium refuses to have one as root.
	}
	if out, err := exec.Command(browser, append(args, (&url.URL{Scheme: "file", Path: source}).String())...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s failed: %w: %s", browser, err, out)
	}
	return shrink(raw, file)
}

// shrink writes a picture in sixteen greys.
func shrink(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	whole, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	var greys color.Palette
	for n := range 16 {
		greys = append(greys, color.Gray{uint8(n * 17)})
	}
	small := image.NewPaletted(whole.Bounds(), greys)
	draw.Draw(small, small.Bounds(), whole, whole.Bounds().Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		return err
	}
	if out.Len() > maxBytes {
		return fmt.Errorf("%s has %d bytes, more than %d", to, out.Len(), maxBytes)
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}
