package httpapi

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/httpx"
)

// sendError is the error of a request that got no response.
func (r request) sendError(ctx context.Context, err error) error {
	err = httpx.WithContextCause(ctx, fault.StripURL(err))
	dns, isDNS := errors.AsType[*net.DNSError](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	kind, text := fault.Permanent, ""
	switch host := r.URL.Host; {
	case httpx.IsTimeout(err):
		kind, text = fault.Temporary, "timeout of "+host
	case errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork):
		text = host + " has an address that is not public, and this step calls only public ones"
	case errors.Is(err, errOtherHost):
		text = host + " redirects to another host; if that is the right one, set it as the url"
	case errors.Is(err, errTooManyRedirects):
		text = fmt.Sprintf("%s redirects more than %d times", host, maxRedirects)
	case isCertificate:
		text = host + " has an untrusted certificate"
	case isDNS && dns.IsNotFound:
		text = "there is no host " + r.URL.Hostname() + "; check the url"
	default:
		kind, text = fault.Temporary, "cannot reach "+host
	}
	return fault.New(kind, text, httpx.RedactError(err, r.redact))
}

// statusError is the error of a response with another status than 2xx.
func (r request) statusError(d Data, retryAfter time.Duration) error {
	kind, verb, hint := fault.Permanent, "refused the request", ""
	if httpx.IsTemporary(d.Status) {
		kind, verb = fault.Temporary, "failed"
	}
	switch denied := d.Status == http.StatusUnauthorized || d.Status == http.StatusForbidden; {
	case denied && r.secretName == "":
		hint = "; it may need a secret, and none is configured"
	case denied:
		hint = fmt.Sprintf("; check that the secret %q is valid and has access", r.secretName)
	case retryAfter > 0:
		hint = fmt.Sprintf("; retry after %s", retryAfter.Round(time.Second))
	}
	what := fmt.Sprintf("%s %s (%s)", r.URL.Host, verb, httpx.StatusLine(d.Status))
	e := &fault.Error{Kind: kind, Public: what + hint, RetryAfter: retryAfter}
	if message := errorMessage(d.Body); message != "" {
		// The message may quote the alert, so the log leaves it out.
		e.Public, e.Log = what+": "+message+hint, what+hint
	}
	return e
}

// readError is the error of a response that cannot be used.
func (r request) readError(ctx context.Context, err error) error {
	err = httpx.WithContextCause(ctx, err)
	switch host := r.URL.Host; {
	case errors.Is(err, errTooLarge):
		return fault.New(fault.Permanent, fmt.Sprintf("the response of %s is larger than %d KiB", host, maxResponseBytes>>10), err)
	case httpx.IsTimeout(err):
		return fault.New(fault.Temporary, "timeout of "+host, err)
	default:
		return fault.New(fault.Temporary, "cannot read the response of "+host, httpx.RedactError(err, r.redact))
	}
}

// errorMessage finds the message of an error response where APIs commonly have it.
func errorMessage(body any) string {
	object, _ := body.(map[string]any)
	for _, key := range []string{"message", "error", "detail", "title", "error_description"} {
		switch value := object[key].(type) {
		case string:
			return enrich.Line(value, maxValueRunes)
		case map[string]any:
			if message := errorMessage(value); message != "" {
				return message
			}
		}
	}
	if text, ok := body.(string); ok && !strings.HasPrefix(strings.TrimSpace(text), "<") {
		return enrich.Line(text, maxValueRunes)
	}
	return ""
}

const (
	// maxShown limits the facts of a playbook that names none.
	maxShown      = 8
	maxValueRunes = 300
)

func newFinding(c Config, host string, d Data) enrich.Finding {
	f := enrich.Finding{Title: cmp.Or(c.Title, host), Weight: enrich.Useful, Data: d, Blocks: []enrich.Block{facts(c.Show, d)}}
	if d.Status == http.StatusNotFound {
		f.Weight = enrich.Background
		f.Blocks = []enrich.Block{enrich.Facts{{Name: "Response", Value: httpx.StatusLine(d.Status)}}}
	}
	return f
}

// facts returns those that the playbook names, or else the first plain values. If
// there are none, it returns the status.
func facts(show []Show, d Data) enrich.Facts {
	if len(show) == 0 {
		show = plainValues(d.Body)
	}
	var all enrich.Facts
	var missing []string
	for _, s := range show {
		if text := enrich.Line(enrich.Text(valueAt(d.Body, s.Path)), maxValueRunes); text != "" {
			all = append(all, enrich.Fact{Name: s.Name, Value: text})
		} else {
			missing = append(missing, s.Path)
		}
	}
	if len(all) > 0 {
		return all
	}
	value := httpx.StatusLine(d.Status)
	if len(missing) > 0 {
		value += ", without " + strings.Join(missing, ", ")
	} else if text, ok := d.Body.(string); ok {
		value += ": " + enrich.Line(text, maxValueRunes)
	}
	return enrich.Facts{{Name: "Response", Value: value}}
}

func plainValues(body any) []Show {
	object, _ := body.(map[string]any)
	var show []Show
	for _, key := range slices.Sorted(maps.Keys(object)) {
		switch object[key].(type) {
		case map[string]any, []any, nil:
			continue
		}
		// A key with a dot is not a path.
		if len(show) < maxShown && key != "" && !strings.Contains(key, ".") && object[key] != "" {
			show = append(show, Show{Name: key, Path: key})
		}
	}
	return show
}

// valueAt returns the value at a path, or nil.
func valueAt(v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch container := v.(type) {
		case map[string]any:
			v = container[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			v = container[i]
		default:
			return nil
		}
	}
	return v
}
