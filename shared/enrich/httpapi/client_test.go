package httpapi

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

func TestClient_RedirectOnSameHost(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusPermanentRedirect)
			return
		}
		body, _ := io.ReadAll(r.Body)
		answers(200, "application/json", fmt.Sprintf(`{"path":%q,"body":%q,"authorized":%v}`, r.URL.Path, body, r.Header.Get("Authorization") == "Bearer "+token))(w, r)
	})
	f := mustFind(t, Config{URL: URL(address + "/old"), Body: `{"a":1}`, Secret: Secret{Name: "cmdb/token"}})
	want := map[string]any{"path": "/new", "body": `{"a":1}`, "authorized": true}
	if diff := cmp.Diff(want, f.Data.(Data).Body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestClient_PublicAddressesOnly(t *testing.T) {
	s := httptest.NewTLSServer(unexpected(t))
	defer s.Close()
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
		"169.254.170.2", "100.64.0.1", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255",
	} {
		t.Run(host, func(t *testing.T) {
			c := Config{URL: URL("https://" + host + port + "/")}
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			_, err := newStep(NewClient(), nil, c).Enrich(t.Context(), alert.Alert{})
			want := host + port + " has an address that is not public, and this step calls only public ones"
			if f := fault.From(err); f == nil || f.Public != want || f.Kind != fault.Permanent {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestClient_Transport(t *testing.T) {
	t.Run("plain http", func(t *testing.T) {
		c := Config{URL: URL(serve(t, unexpected(t))), Secret: Secret{Name: "cmdb/token"}}
		if _, err := newStep(NewClient(), store, c).Enrich(t.Context(), alert.Alert{}); fault.Public(err) != "invalid url: it must start with https://" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("certificate", func(t *testing.T) {
		s := httptest.NewUnstartedServer(answers(200, "application/json", `{"a":1}`))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		defer s.Close()
		if _, err := enriched(Config{URL: URL(s.URL)}); fault.Public(err) != strings.TrimPrefix(s.URL, "https://")+" has an untrusted certificate" {
			t.Errorf("unknown certificate: %v", err)
		}
		client := local()
		client.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
		if _, err := newStep(client, nil, Config{URL: URL(s.URL)}).Enrich(t.Context(), alert.Alert{}); err != nil {
			t.Errorf("known certificate: %v", err)
		}
	})
	t.Run("proxy", func(t *testing.T) {
		if local().http.Transport.(*http.Transport).Proxy != nil {
			t.Error("a proxy bypasses the address check")
		}
	})
}
