package fakedatadog

import (
	"context"
	"net/http"
)

// setUp are the doors for what setting Boomerang up makes, and for calling it.
func (s *Server) setUp(mux *http.ServeMux) {
	look(mux, "webhooks", s.Webhooks)
	look(mux, "dashboards", s.Dashboards)
	tell(mux, "webhooks", lenient, func(added Webhook) (any, error) {
		s.AddWebhook(added)
		return nil, nil
	})
	tell(mux, "deliver", strict, func(in deliverCommand) (any, error) {
		return s.Deliver(context.Background(), in.Webhook, in.Variables)
	})
	tell(mux, "deny", strict, func(in denyCommand) (any, error) {
		s.Deny(in.Permissions...)
		return nil, nil
	})
}

type (
	deliverCommand struct {
		Webhook   string            `json:"webhook"`
		Variables map[string]string `json:"variables"`
	}
	denyCommand struct {
		Permissions []string `json:"permissions"`
	}
)
