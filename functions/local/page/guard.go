package page

import (
	"crypto/subtle"
	"net/http"
	"net/url"

	"boomerang/shared/httpx"
)

// guard keeps other sites and other machines out. Another site can point its own name at this
// machine, so the name must be this machine's.
type guard struct {
	token  string // required if other machines can reach the page
	origin *http.CrossOriginProtection
}

// IsLoopback reports whether only this machine can reach an address, or has a name.
func IsLoopback(address string) bool {
	return httpx.IsLoopback((&url.URL{Host: address}).Hostname())
}

// Login returns the part of the page's address that has the token, or "".
func (p *Page) Login() string {
	if p.guard.token == "" {
		return ""
	}
	return "#token=" + p.guard.token
}

// check returns why a request is refused, or "".
func (g guard) check(r *http.Request) string {
	site := r.Header.Get("Sec-Fetch-Site")
	isOpened := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Method == http.MethodGet
	switch {
	case g.token == "" && !IsLoopback(r.Host):
		return "The page answers under the names localhost and 127.0.0.1 only."
	case g.origin.Check(r) != nil, (site == "cross-site" || site == "same-site") && !isOpened:
		return "The page does not answer other sites."
	}
	return ""
}

const cookieName = "boomerang-page"

// login answers the token with a cookie.
func (g guard) login(w http.ResponseWriter, r *http.Request) {
	if !g.isToken(r.Header.Get("X-Page-Token")) {
		http.Error(w, "The token is wrong.", http.StatusUnauthorized)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: g.token, Path: prefix, HttpOnly: true, SameSite: http.SameSiteStrictMode}) //nolint:gosec // Without TLS a secure cookie is not sent.
	w.WriteHeader(http.StatusNoContent)
}

func (g guard) isToken(text string) bool {
	return subtle.ConstantTimeCompare([]byte(text), []byte(g.token)) == 1
}

func (g guard) authenticated(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(cookieName)
		if g.token != "" && (err != nil || !g.isToken(cookie.Value)) {
			http.Error(w, "Open the address with the token that boomerang serve printed.", http.StatusUnauthorized)
			return
		}
		handle(w, r)
	}
}
