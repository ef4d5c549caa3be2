package page

import (
	"bytes"
	"cmp"
	"html"
	"image"
	"image/color"
	pixels "image/draw"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxPicture keeps a picture small enough for a repository.
const maxPicture = 80 << 10

const pictureStyle = `body{margin:0;display:flex;background:#fff;font:15px/1.4 sans-serif}
article{width:390px;height:1180px;padding:12px;box-sizing:border-box;overflow:hidden;overflow-wrap:anywhere;border-right:1px solid #999}
h2{font-size:16px;margin:0 0 8px}h3{font-size:12px;margin:0 0 8px;color:#555}ul,ol{padding-left:18px;margin:6px 0}p{margin:8px 0}a{color:#333}
code{font-size:13px;background:#eee}.picture{display:block;padding:26px;text-align:center;background:#ddd}
hr.phone{position:absolute;top:780px;left:0;width:780px;margin:0;border:0;border-top:2px dashed #777}`

// TestPictures draws each event in the folder EXAMPLES_FOLDER before and after, as the page does, in a
// browser as narrow as a phone. make pictures runs it.
func TestPictures(t *testing.T) {
	folder := os.Getenv("EXAMPLES_FOLDER")
	if folder == "" {
		t.Skip("EXAMPLES_FOLDER is not set: make pictures sets it")
	}
	afters, err := filepath.Glob(filepath.Join(folder, "*.after.md"))
	if err != nil || len(afters) == 0 {
		t.Fatalf("no *.after.md in %s: %v", folder, err)
	}
	for _, after := range afters {
		name := strings.TrimSuffix(after, ".after.md")
		picture := shoot(t, `<!doctype html><meta charset=utf-8><style>`+pictureStyle+"</style>"+article(t, "before", name+".before.md")+article(t, "after", after)+"<hr class=phone>")
		if err := os.WriteFile(name+".png", picture, 0o644); err != nil { //nolint:gosec // A file of the repository.
			t.Fatal(err)
		}
	}
}

func article(t *testing.T, side, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	title, body, _ := strings.Cut(string(text), "\n")
	return "<article><h3>" + side + "</h3><h2>" + html.EscapeString(title) + "</h2>" + markdown(body) + "</article>"
}

// shoot returns a picture of a page in sixteen greys.
func shoot(t *testing.T, page string) []byte {
	t.Helper()
	folder := t.TempDir()
	source, raw := filepath.Join(folder, "page.html"), filepath.Join(folder, "page.png")
	if err := os.WriteFile(source, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--headless", "--disable-gpu", "--hide-scrollbars", "--window-size=780,1180", "--user-data-dir=" + folder, "--screenshot=" + raw}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium refuses to have one as root.
	}
	browser := exec.CommandContext(t.Context(), cmp.Or(os.Getenv("CHROMIUM"), "chromium"), append(args, (&url.URL{Scheme: "file", Path: source}).String())...) //nolint:gosec // The user's browser.
	if out, err := browser.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := os.Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	whole, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	var greys color.Palette
	for n := range 16 {
		greys = append(greys, color.Gray{uint8(n * 17)})
	}
	small := image.NewPaletted(whole.Bounds(), greys)
	pixels.Draw(small, small.Bounds(), whole, whole.Bounds().Min, pixels.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil || out.Len() > maxPicture {
		t.Fatalf("%d bytes of at most %d, %v", out.Len(), maxPicture, err)
	}
	return out.Bytes()
}
