package fakedatadog

import (
	"context"
	"encoding/json"
	"net/http"
)

// registerControls adds the control endpoints, which do for other processes what the
// exported methods do for Go. They require no key, because the server is for loopback.
// A refused request is 400 with the reason.
//
//	GET /_fake/{routes,events,posted,requests,faulted,webhooks,dashboards,items,messages}
//
// answer what the method of that name returns, and
//
//	POST /_fake/events       an Event; {"id": "…"}
//	POST /_fake/monitors     a Monitor; {"id": …}
//	POST /_fake/entities     an Entity
//	POST /_fake/service_definitions  a ServiceDefinition
//	POST /_fake/teams        a Team; {"id": "…"}
//	POST /_fake/incidents    an Incident; {"public_id": …}
//	POST /_fake/downtimes    a ScheduledDowntime; {"id": "…"}
//	POST /_fake/series       a Series
//	POST /_fake/logs         a Log; {"id": "…"}
//	POST /_fake/slos         an SLO; {"id": "…"}
//	POST /_fake/hosts        a list of Hosts, which replaces all
//	POST /_fake/webhooks     a Webhook
//	POST /_fake/deliver      {"webhook", "variables"}; Deliver's Delivery
//	POST /_fake/deny         {"permissions"}
//	POST /_fake/faults       {"route", "fault", "calls"}; Inject
//	POST /_fake/random       {"rate", "seed", "faults"}; InjectRandom
//	DELETE /_fake/faults     ClearFaults
//	POST /_fake/limit        {"route", "calls", "period"}, period as in "10s"
//	POST /_fake/keys         {"api_key", "app_key"}
//	POST /_fake/secrets      {"name", "value"}, the value as text
func (s *Server) registerControls() {
	handleGet(s.mux, "routes", s.Routes)
	handleGet(s.mux, "events", s.Events)
	handleGet(s.mux, "posted", s.Posted)
	handleGet(s.mux, "requests", s.Requests)
	handleGet(s.mux, "faulted", s.Faulted)
	handleGet(s.mux, "webhooks", s.Webhooks)
	handleGet(s.mux, "dashboards", s.Dashboards)

	seed(s.mux, "events", "id", s.AddEvent)
	seed(s.mux, "monitors", "id", s.AddMonitor)
	seed(s.mux, "teams", "id", s.AddTeam)
	seed(s.mux, "incidents", "public_id", s.AddIncident)
	seed(s.mux, "downtimes", "id", s.AddDowntime)
	seed(s.mux, "logs", "id", s.AddLog)
	seed(s.mux, "slos", "id", s.AddSLO)
	seedWithoutID(s.mux, "entities", s.AddEntity)
	seedWithoutID(s.mux, "service_definitions", s.AddServiceDefinition)
	seedWithoutID(s.mux, "series", s.AddSeries)
	seedWithoutID(s.mux, "webhooks", s.AddWebhook)
	seedWithoutID(s.mux, "hosts", func(all []Host) { s.SetHosts(all...) })

	handlePost(s.mux, "deliver", strict, func(in struct {
		Webhook   string
		Variables map[string]string
	}) (any, error) {
		return s.Deliver(context.Background(), in.Webhook, in.Variables)
	})
	handlePost(s.mux, "deny", strict, func(in struct{ Permissions []string }) (any, error) {
		s.Deny(in.Permissions...)
		return nil, nil
	})
	handlePost(s.mux, "faults", strict, func(in struct {
		Route Route
		Fault Fault
		Calls int
	}) (any, error) {
		return nil, s.Inject(in.Route, in.Fault, in.Calls)
	})
	s.mux.HandleFunc("DELETE /_fake/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	handlePost(s.mux, "random", strict, func(in struct {
		Rate   float64
		Seed   uint64
		Faults []Fault
	}) (any, error) {
		return nil, s.InjectRandom(in.Rate, in.Seed, in.Faults...)
	})
	handlePost(s.mux, "limit", strict, func(in struct {
		Route  Route
		Calls  int
		Period string
	}) (any, error) {
		period, err := duration(in.Period, 0)
		if err != nil {
			return nil, err
		}
		return nil, s.Limit(in.Route, in.Calls, period)
	})
	handlePost(s.mux, "keys", strict, func(in struct {
		APIKey string `json:"api_key"`
		AppKey string `json:"app_key"`
	}) (any, error) {
		s.SetKeys(in.APIKey, in.AppKey)
		return nil, nil
	})
	s.mux.Handle("/_fake/", http.NotFoundHandler())
}

func handleGet[T any](mux *http.ServeMux, path string, get func() T) {
	mux.HandleFunc("GET /_fake/"+path, func(w http.ResponseWriter, _ *http.Request) { success(get()).write(w) })
}

// seed adds something and answers with its id.
func seed[T, ID any](mux *http.ServeMux, path, idKey string, add func(T) ID) {
	handlePost(mux, path, lenient, func(in T) (any, error) { return map[string]ID{idKey: add(in)}, nil })
}

func seedWithoutID[T any](mux *http.ServeMux, path string, add func(T)) {
	handlePost(mux, path, lenient, func(in T) (any, error) {
		add(in)
		return nil, nil
	})
}

// decoding says whether an unknown key is an error. It is in a command; a seed may be a
// copy of a real answer, which has more keys than the fake keeps.
type decoding bool

const (
	strict  decoding = true
	lenient decoding = false
)

func handlePost[T any](mux *http.ServeMux, path string, how decoding, do func(T) (any, error)) {
	mux.HandleFunc("POST /_fake/"+path, func(w http.ResponseWriter, r *http.Request) {
		var in T
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
		if how == strict {
			decoder.DisallowUnknownFields()
		}
		var out any
		err := decoder.Decode(&in)
		if err == nil {
			out, err = do(in)
		}
		switch {
		case err != nil:
			failure(http.StatusBadRequest, err.Error()).write(w)
		case out == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			jsonAnswer(http.StatusCreated, out).write(w)
		}
	})
}
