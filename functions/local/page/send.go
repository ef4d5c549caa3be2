package page

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	number "math/rand/v2"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	samples "boomerang/events"
	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	webhook "boomerang/functions/webhook/handler"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/playbook"
)

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
	names, _ := samples.Files.ReadDir(".") // The folder is embedded.
	for _, name := range names {
		raw, _ := samples.Files.ReadFile(name.Name())
		body := string(raw) // As it is, where the body alone is another request.
		if r, err := requestOf(body); err == nil && r.Headers[tokenName] == sandbox.Token {
			body = string(bodyOf(r))
		}
		var lines bytes.Buffer
		if json.Indent(&lines, []byte(body), "", "  ") == nil {
			body = lines.String()
		}
		bodies[strings.TrimSuffix(name.Name(), ".json")] = body
	}
	return map[string]any{
		"files": files, "writable": len(p.files) > 0, "samples": bodies,
		"routes": p.Sandbox.Datadog.Routes(), "live": p.Sandbox.Live,
	}, nil
}

// requestOf is the request that a text is or becomes, as if it were sent now.
func requestOf(text string) (events.LambdaFunctionURLRequest, error) {
	r, err := request.Of([]byte(text))
	if err != nil {
		return r.LambdaFunctionURLRequest, failure{http.StatusUnprocessableEntity, err.Error()}
	}
	return functionurl.Fresh(r.LambdaFunctionURLRequest, time.Now())
}

type sending struct {
	Body  string `json:"body"`
	Count int    `json:"count"`
}

// maxSent bounds a storm, and atOnce how many of its alerts arrive together.
const (
	maxSent = 200
	atOnce  = 10
)

// send delivers alerts as Datadog does: each of several has an id of its own, as long as Datadog's.
func (p *Page) send(ctx context.Context, s sending) (any, error) {
	most := maxSent
	if p.Sandbox.Live {
		most = 1 // Each is an event in Datadog.
	}
	r, err := requestOf(s.Body)
	if err == nil && (s.Count < 1 || s.Count > most) {
		err = failure{http.StatusBadRequest, fmt.Sprintf("send 1 to %d alerts", most)}
	}
	if err != nil {
		return nil, err
	}
	if r.Headers[tokenName] == sandbox.Token {
		r.Headers[tokenName] = p.Sandbox.Token
	}
	a, err := webhook.Read(ctx, r) // The function says what is wrong with it.
	if err == nil && a.ID == "" && s.Count > 1 {
		return nil, failure{http.StatusUnprocessableEntity, `the alert has no id, so that all after the first were duplicates: add "id": "8306082202796025694"`}
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for range s.Count {
		one := r
		one.RequestContext.RequestID = rand.Text()
		if a.ID != "" && s.Count > 1 {
			one.Body, one.IsBase64Encoded = strings.ReplaceAll(string(bodyOf(r)), a.ID, fmt.Sprintf("8306082%012d", number.Int64N(1e12))), false
		}
		group.Go(func() error {
			_, err := p.invoke(context.WithoutCancel(ctx), one)
			return err
		})
	}
	return struct{}{}, group.Wait()
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
