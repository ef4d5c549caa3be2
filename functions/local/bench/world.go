package bench

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"boomerang/functions/local/stage"
	"boomerang/shared/fakedatadog"
)

// world is what one instance talks to: doubles of Secrets Manager, of the ledger
// and of Datadog, each at an address of its own, over TLS.
type world struct {
	stage   *stage.Stage
	meter   *meter
	servers []*http.Server
	urls    map[string]string // by the variable that tells the instance
	alerts  []alert
}

// dependencies are the doubles, by the variable that tells an instance where they
// are. AWS's endpoints speak HTTP/1.1; Datadog's speak HTTP/2 as well.
var dependencies = []struct {
	variable, name string
	http2          bool
}{
	{"AWS_ENDPOINT_URL_SECRETS_MANAGER", "Secrets Manager", false},
	{"AWS_ENDPOINT_URL_DYNAMODB", "the ledger", false},
	{"DATADOG_API_URL", "Datadog", true},
}

// newWorld opens the doubles, which know of so many alerts. They are as quick as
// this machine allows, and limit nothing: what is measured is the instance.
func newWorld(certificate tls.Certificate, slowest time.Duration, alerts []alert) (*world, error) {
	st, err := stage.Start(func(string) string { return "" }, time.Now)
	if err != nil {
		return nil, err
	}
	w := &world{stage: st, meter: &meter{double: st.Server, slowest: slowest}, urls: map[string]string{}, alerts: alerts}
	// A second version is there as after a rotation: without one, asking for the one
	// before is answered with an error, which the meter takes for a misbehaviour.
	st.Server.SetSecret(fakedatadog.DefaultWebhookSecret, `{"token":"`+stage.Token+`"}`)
	for _, route := range st.Server.Routes() {
		if err := st.Server.Limit(route, 1_000_000, time.Second); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	w.tell()
	for _, d := range dependencies {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("no port for the double of %s: %w", d.name, err), w.close())
		}
		server := &http.Server{
			Handler: w.meter.watch(d.name), ReadHeaderTimeout: 5 * time.Second,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
			// An instance that is ended leaves connections behind, which is no news.
			ErrorLog: log.New(io.Discard, "", 0),
		}
		if !d.http2 {
			server.Protocols = new(http.Protocols)
			server.Protocols.SetHTTP1(true)
		}
		w.servers = append(w.servers, server)
		w.urls[d.variable] = "https://" + listener.Addr().String()
		go func() { _ = server.ServeTLS(listener, "", "") }()
	}
	return w, nil
}

// past is of how many alerts the event stream tells what came before. Of the
// others there is one deploy: how much there is to read must not depend on how
// many alerts are sent.
const past = 10

func (w *world) tell() {
	for i, a := range w.alerts {
		if i < past {
			w.stage.Tell(a.request, a.at)
			continue
		}
		w.stage.TellState(a.request, a.at)
		w.stage.Server.AddEvent(fakedatadog.Event{
			Title: a.deploy(), Text: "by the pipeline, 14 commits", SourceTypeName: "github",
			Tags: []string{"deployment", "service:" + a.service}, DateHappened: a.at.Add(-17 * time.Minute).Unix(), AlertType: "info",
		})
	}
}

func (w *world) close() error {
	w.stage.Close()
	var errs []error
	for _, server := range w.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

// check finds out whether the doubles were told what they should have been, after so
// many alerts.
func (w *world) check(alerts int, sh shape) error {
	posted := map[int64][]fakedatadog.Event{}
	for _, p := range w.stage.Server.Posted() {
		posted[p.Event.RelatedEventID] = append(posted[p.Event.RelatedEventID], p.Event)
	}
	var errs []error
	for _, a := range w.alerts[:alerts] {
		if err := a.answeredBy(posted[a.id], sh); err != nil {
			errs = append(errs, err)
			break // The others are hardly better.
		}
	}
	if len(posted) > alerts {
		errs = append(errs, fmt.Errorf("the double of Datadog has events about %d alerts, of %d that were sent", len(posted), alerts))
	}
	done := 0
	for _, item := range w.stage.Server.Items() {
		if item["status"] == "COMPLETED" {
			done++
		}
	}
	if done != alerts {
		errs = append(errs, fmt.Errorf("the double of the ledger has noted %d alerts as done, of %d", done, alerts))
	}
	return errors.Join(errs...)
}
