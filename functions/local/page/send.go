package page

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	number "math/rand/v2"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	samples "boomerang/events"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/sandbox"
	webhook "boomerang/functions/webhook/handler"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/playbook"
)

// setup is what the page needs at its start.
func (p *Page) setup(*http.Request) (any, error) {
	files := map[string]string{playbook.DefaultFile: string(playbook.DefaultSource())}
	for _, file := range p.files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		delete(files, playbook.DefaultFile)
		files[file] = string(raw)
	}
	bodies := map[string]string{}
	for name, r := range requests() {
		bodies[name] = string(bodyOf(r))
	}
	return map[string]any{
		"files": files, "writable": len(p.files) > 0, "samples": bodies,
		"routes": p.Sandbox.Datadog.Routes(), "live": p.Sandbox.Live,
	}, nil
}

// requests are the files of the folder events that are requests, by name, as if sent now.
func requests() map[string]events.LambdaFunctionURLRequest {
	all := map[string]events.LambdaFunctionURLRequest{}
	files, _ := samples.Files.ReadDir(".") // The folder is embedded.
	for _, file := range files {
		raw, _ := samples.Files.ReadFile(file.Name())
		var r events.LambdaFunctionURLRequest
		if json.Unmarshal(raw, &r) != nil || r.RequestContext.HTTP.Method == "" {
			continue // The payload of the webhook.
		}
		if fresh, err := functionurl.Fresh(r, time.Now()); err == nil {
			all[strings.TrimSuffix(file.Name(), path.Ext(file.Name()))] = fresh
		}
	}
	return all
}

// sending asks for deliveries: a body, or a sample by name, as often as Count says.
type sending struct {
	Sample string `json:"sample"`
	Body   string `json:"body"`
	Count  int    `json:"count"`
}

// maxSent bounds a storm, and atOnce how many of its alerts arrive together.
const (
	maxSent = 200
	atOnce  = 10
)

// send delivers alerts to the function as Datadog does. Of several, each has its own id, as
// long as those of Datadog.
func (p *Page) send(ctx context.Context, s sending) (any, error) {
	r, isSample := requests()[s.Sample]
	if !isSample {
		r = bodyRequest(s.Body)
	}
	if s.Count < 1 || s.Count > maxSent {
		return nil, failure{http.StatusBadRequest, fmt.Sprintf("send 1 to %d alerts", maxSent)}
	}
	body := string(bodyOf(r))
	a, err := webhook.Decode(r)
	var group errgroup.Group
	group.SetLimit(atOnce)
	for range s.Count {
		one := r
		one.RequestContext.RequestID = rand.Text()
		if err == nil && a.ID != "" && (isSample || s.Count > 1) {
			one.Body, one.IsBase64Encoded = strings.ReplaceAll(body, a.ID, fmt.Sprintf("8306082%012d", number.Int64N(1e12))), false
		}
		group.Go(func() error {
			_, err := p.function.Invoke(context.WithoutCancel(ctx), one)
			return err
		})
	}
	return struct{}{}, group.Wait()
}

// bodyRequest is a request with this body, JSON or a form.
func bodyRequest(body string) events.LambdaFunctionURLRequest {
	media := "application/json"
	if text := strings.TrimSpace(body); text != "" && !strings.ContainsRune("{[\"", rune(text[0])) && strings.Contains(text, "=") {
		media = "application/x-www-form-urlencoded"
	}
	r := events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: "/", Body: body, Headers: map[string]string{"content-type": media, "x-webhook-token": sandbox.Token, "user-agent": "the page"},
	}
	r.RequestContext.HTTP.Method, r.RequestContext.TimeEpoch = http.MethodPost, time.Now().UnixMilli()
	return r
}

// misbehaviour of the fake: the next calls of a route meet a fault. An empty fault ends all.
type misbehaviour struct {
	Route fakedatadog.Route `json:"route"`
	Fault fakedatadog.Fault `json:"fault"`
	Calls int               `json:"calls"`
}

func (p *Page) inject(_ context.Context, m misbehaviour) (any, error) {
	if m.Fault == "" {
		p.Sandbox.Datadog.ClearFaults()
		return struct{}{}, nil
	}
	if err := p.Sandbox.Datadog.Inject(m.Route, m.Fault, m.Calls); err != nil {
		return nil, failure{http.StatusBadRequest, err.Error()}
	}
	return struct{}{}, nil
}
