package fakedatadog

import (
	"encoding/json"
	"net/http"
	"strings"
)

// controlPrefix is where a running server can be looked at and told what to do.
const controlPrefix = "/_fake/"

func isControl(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, controlPrefix) }

// controls are the same doors for other processes that the exported methods are
// for Go. They ask for no key: the server is for loopback and for tests. A
// refusal is 400 with a text that says what to do.
//
//	GET    /_fake/routes     the names of all routes
//	GET    /_fake/events     Events          POST  an Event to seed; {"id": "…"}
//	POST   /_fake/monitors   a Monitor to seed; {"id": …}
//	POST   /_fake/entities   an Entity to seed, as its owners define it
//	POST   /_fake/service_definitions  a ServiceDefinition to seed
//	POST   /_fake/teams      a Team to seed; {"id": "…"}
//	POST   /_fake/incidents  an Incident to seed; {"public_id": …}
//	POST   /_fake/downtimes  a ScheduledDowntime to seed; {"id": "…"}
//	POST   /_fake/series     a Series to seed
//	POST   /_fake/logs       a Log to seed; {"id": "…"}
//	POST   /_fake/slos       an SLO to seed; {"id": "…"}
//	POST   /_fake/hosts      a list of Hosts, in the place of those that were
//	GET    /_fake/posted     Posted
//	GET    /_fake/webhooks   Webhooks           POST  a Webhook to seed
//	GET    /_fake/dashboards Dashboards
//	POST   /_fake/deliver    {"webhook", "variables"}; Deliver's Delivery
//	POST   /_fake/deny       {"permissions"}
//	GET    /_fake/requests   Requests
//	GET    /_fake/items      Items
//	GET    /_fake/messages   Messages of both queues, by name
//	GET    /_fake/faulted    Faulted
//	POST   /_fake/faults     {"route", "fault", "calls"}; Inject
//	DELETE /_fake/faults     ClearFaults
//	POST   /_fake/random     {"rate", "seed", "faults"}; InjectRandom
//	POST   /_fake/limit      {"route", "calls", "period"}, period as in "10s"
//	POST   /_fake/keys       {"api_key", "app_key"}
//	POST   /_fake/secrets    {"name", "value"}, the value as text
func (s *Server) controls() http.Handler {
	mux := http.NewServeMux()
	look(mux, "routes", s.Routes)
	look(mux, "events", s.Events)
	look(mux, "posted", s.Posted)
	look(mux, "requests", s.Requests)
	look(mux, "faulted", s.Faulted)

	tell(mux, "events", lenient, func(e Event) (any, error) {
		return map[string]string{"id": s.AddEvent(e)}, nil
	})
	tell(mux, "monitors", lenient, func(m Monitor) (any, error) {
		return map[string]int64{"id": s.AddMonitor(m)}, nil
	})
	s.seedOwners(mux)
	s.seedSignals(mux)
	s.setUp(mux)
	tell(mux, "faults", strict, func(in faultCommand) (any, error) {
		return nil, s.Inject(in.Route, in.Fault, in.Calls)
	})
	mux.HandleFunc("DELETE "+controlPrefix+"faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		done.write(w)
	})
	tell(mux, "random", strict, func(in randomCommand) (any, error) {
		return nil, s.InjectRandom(in.Rate, in.Seed, in.Faults...)
	})
	tell(mux, "limit", strict, func(in limitCommand) (any, error) {
		period, err := duration(in.Period, 0)
		if err != nil {
			return nil, err
		}
		return nil, s.Limit(in.Route, in.Calls, period)
	})
	tell(mux, "keys", strict, func(in keysCommand) (any, error) {
		s.SetKeys(in.APIKey, in.AppKey)
		return nil, nil
	})
	s.awsControls(mux)
	return mux
}

// seedSignals are the doors for what is measured and logged.
func (s *Server) seedSignals(mux *http.ServeMux) {
	tell(mux, "series", lenient, func(added Series) (any, error) {
		s.AddSeries(added)
		return nil, nil
	})
	tell(mux, "logs", lenient, func(l Log) (any, error) {
		return map[string]string{"id": s.AddLog(l)}, nil
	})
	tell(mux, "hosts", lenient, func(all []Host) (any, error) {
		s.SetHosts(all...)
		return nil, nil
	})
	tell(mux, "slos", lenient, func(added SLO) (any, error) {
		return map[string]string{"id": s.AddSLO(added)}, nil
	})
}

// seedOwners are the doors for whose a service is, and what they are at.
func (s *Server) seedOwners(mux *http.ServeMux) {
	tell(mux, "entities", lenient, func(e Entity) (any, error) {
		s.AddEntity(e)
		return nil, nil
	})
	tell(mux, "service_definitions", lenient, func(d ServiceDefinition) (any, error) {
		s.AddServiceDefinition(d)
		return nil, nil
	})
	tell(mux, "teams", lenient, func(t Team) (any, error) {
		return map[string]string{"id": s.AddTeam(t)}, nil
	})
	tell(mux, "incidents", lenient, func(i Incident) (any, error) {
		return map[string]int64{"public_id": s.AddIncident(i)}, nil
	})
	tell(mux, "downtimes", lenient, func(d ScheduledDowntime) (any, error) {
		return map[string]string{"id": s.AddDowntime(d)}, nil
	})
}

type (
	faultCommand struct {
		Route Route `json:"route"`
		Fault Fault `json:"fault"`
		Calls int   `json:"calls"`
	}
	randomCommand struct {
		Rate   float64 `json:"rate"`
		Seed   uint64  `json:"seed"`
		Faults []Fault `json:"faults"`
	}
	limitCommand struct {
		Route  Route  `json:"route"`
		Calls  int    `json:"calls"`
		Period string `json:"period"`
	}
	keysCommand struct {
		APIKey string `json:"api_key"`
		AppKey string `json:"app_key"`
	}
)

// done answers that there is nothing to say.
var done = answer{status: http.StatusNoContent}

func look[T any](mux *http.ServeMux, path string, at func() T) {
	mux.HandleFunc("GET "+controlPrefix+path, func(w http.ResponseWriter, _ *http.Request) { success(at()).write(w) })
}

// decoding says whether a key that nobody knows is a mistake. It is in a command;
// a seed may be pasted from a real answer, which has more keys than the stand-in keeps.
type decoding bool

const (
	strict  decoding = true
	lenient decoding = false
)

func tell[T any](mux *http.ServeMux, path string, how decoding, do func(T) (any, error)) {
	mux.HandleFunc("POST "+controlPrefix+path, func(w http.ResponseWriter, r *http.Request) {
		var in T
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
		if how == strict {
			decoder.DisallowUnknownFields()
		}
		err := decoder.Decode(&in)
		var out any
		if err == nil {
			out, err = do(in)
		}
		switch {
		case err != nil:
			failure(http.StatusBadRequest, err.Error()).write(w)
		case out == nil:
			done.write(w)
		default:
			jsonAnswer(http.StatusCreated, out).write(w)
		}
	})
}
