// Package page is the page of a function that is served on this machine: it shows each
// delivery as it comes, with the event as Datadog draws it, and tries playbooks. It is served
// beside the function and never deployed.
package page

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"

	"boomerang/functions/internal/runtime"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/enrich"
	"boomerang/shared/pipeline"
)

// Config is what a page needs.
type Config struct {
	Sandbox     *sandbox.Sandbox
	Environment runtime.Environment // of the function
	// Remote says that other machines can reach the page. It then requires a token.
	Remote bool
}

// Page serves the function and its page. It is safe for concurrent use.
type Page struct {
	Config
	guard      guard
	mux        *http.ServeMux
	deliveries *deliveries
	queue      *localQueue
	function   functionurl.Server
	served     atomic.Pointer[pipeline.Pipeline]
	deployed   pipeline.Config
	kinds      func(file string) []enrich.Kind
	files      []string // the playbooks; none for the deployed ones
}

// New returns the page with a function that ends with ctx.
func New(ctx context.Context, c Config) (*Page, error) {
	p := &Page{Config: c, guard: guard{origin: http.NewCrossOriginProtection()}, mux: http.NewServeMux(), deliveries: newDeliveries()}
	if c.Remote {
		p.guard.token = rand.Text()
	}
	p.queue = &localQueue{ctx: ctx, deliveries: p.deliveries}
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	p.routes()
	go markdown("") // The first event need not wait for the library's tables.
	return p, nil
}

// prefix starts the paths of the page. The function has all others.
const prefix = "/-/"

//go:embed static
var static embed.FS

func (p *Page) routes() {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // The folder is embedded.
	}
	p.mux.Handle("GET "+prefix, http.StripPrefix(prefix, http.FileServerFS(files)))
	p.mux.HandleFunc("POST "+prefix+"login", p.guard.login)
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET stream":          p.stream,
		"GET deliveries/{id}": get(p.delivery),
		"GET setup":           get(p.setup),
		"POST preview":        post(p.preview),
		"POST send":           post(p.send),
		"POST fault":          post(p.inject),
		"POST save":           post(p.save),
		"POST keep":           post(p.keep),
	} {
		method, path, _ := strings.Cut(pattern, " ")
		p.mux.HandleFunc(method+" "+prefix+path, p.guard.authenticated(handle))
	}
}

// policy lets the page load only what it is served with. Nothing is inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types page"

// ServeHTTP serves the page to a browser that opens the address, and all else to the function.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isPage := strings.HasPrefix(r.URL.Path, prefix)
	isRoot := r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html")
	if !isPage && !isRoot {
		functionurl.Serve(w, r, p.invoke)
		return
	}
	for name, value := range map[string]string{
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
	} {
		w.Header().Set(name, value)
	}
	if problem := p.guard.check(r); problem != "" {
		http.Error(w, problem, http.StatusForbidden)
		return
	}
	if isRoot {
		r = r.Clone(r.Context())
		r.URL.Path = prefix
	}
	p.mux.ServeHTTP(w, r)
}

// failure is an error for the reader of the page.
type failure struct {
	status int
	text   string
}

func (f failure) Error() string { return f.text }

func get(answer func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, body := http.StatusOK, []byte(nil)
		value, err := answer(r)
		if err == nil {
			body, err = json.Marshal(value)
		}
		if err != nil {
			status = http.StatusInternalServerError
			if f, ok := errors.AsType[failure](err); ok {
				status = f.status
			}
			body, _ = json.Marshal(map[string]string{"error": err.Error()}) // A text always marshals.
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

// maxInput bounds what the page sends: a body, a playbook file, and the JSON around them.
const maxInput = 4 << 20

// post reads JSON, which a form of another site cannot send, and answers with JSON.
func post[In any](answer func(context.Context, In) (any, error)) http.HandlerFunc {
	return get(func(r *http.Request) (any, error) {
		if r.Header.Get("Content-Type") != "application/json" {
			return nil, failure{http.StatusUnsupportedMediaType, "send JSON"}
		}
		var in In
		raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxInput))
		if err != nil {
			return nil, failure{http.StatusRequestEntityTooLarge, "The page sends at most 4 MiB, and the function takes at most 256 KiB."}
		}
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, failure{http.StatusBadRequest, err.Error()}
		}
		return answer(r.Context(), in)
	})
}
