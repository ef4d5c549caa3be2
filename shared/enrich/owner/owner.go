// Package owner is the step "owner": whose the alerting service is, as the
// Software Catalog says: team, tier, contacts, runbooks and what it depends on. It
// needs the permission apm_service_catalog_read.
package owner

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Name is the step's name in playbooks, answers and events.
const Name = "owner"

// Permission is what the application key needs.
const Permission = "apm_service_catalog_read"

// Source is where services are read.
type Source interface {
	Service(ctx context.Context, name string) (datadog.Service, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Service string `yaml:"service" doc:"Service to look up in the Software Catalog; empty means the value of the alert's service tag."`
}

// New returns the step.
func New(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		name := strings.TrimSpace(c.Service)
		if name == "" {
			name = enrich.Tags(a).Get("service")
		}
		switch {
		case name == "":
			return enrich.Finding{}, enrich.Skip("the alert has no service tag")
		case len(name) > maxName:
			return enrich.Finding{}, enrich.Skip("the alert's service tag is longer than any that Datadog takes")
		}
		s, err := source.Service(ctx, name)
		if err != nil {
			return enrich.Finding{}, explained(name, err)
		}
		return found(s), nil
	})
}

// maxName bounds what is asked for, in bytes: tags have at most 200 characters
// (https://docs.datadoghq.com/getting_started/tagging/).
const maxName = 4 * 200

func explained(name string, err error) error {
	if e, ok := errors.AsType[*datadog.Error](err); ok && e.Status == http.StatusNotFound {
		return fault.NewRedacted(fault.Permanent, "Datadog's Software Catalog has no service ", strconv.Quote(name), ": define it there, or correct the service tag", err)
	}
	return err
}

// Data is what playbooks and machines see.
type Data struct {
	Service     string `json:"service"`
	DisplayName string `json:"display_name"`
	Description string `json:"description"`
	Team        string `json:"team"` // A handle.
	Tier        string `json:"tier"`
	Lifecycle   string `json:"lifecycle"`
	// Email, Slack and Runbook are the first of their kind; Contacts and Links
	// hold all of them.
	Email       string    `json:"email"`
	Slack       string    `json:"slack"`
	Runbook     string    `json:"runbook"`   // An address, as the next two.
	PagerDuty   string    `json:"pagerduty"` // The service there.
	Opsgenie    string    `json:"opsgenie"`
	OtherOwners []string  `json:"other_owners,omitempty"`
	DependsOn   []string  `json:"depends_on,omitempty"` // "service:payments"
	Contacts    []Contact `json:"contacts,omitempty"`
	Links       []Link    `json:"links,omitempty"`
}

// Contact is a way to reach the owners.
type Contact struct {
	Type    string `json:"type"` // "email", "slack", …
	Name    string `json:"name,omitempty"`
	Contact string `json:"contact"`
}

// Link is a page about the service.
type Link struct {
	Type string `json:"type"` // "runbook", "doc", "repo", "dashboard", …
	Name string `json:"name,omitempty"`
	URL  string `json:"url"`
}

func found(s datadog.Service) enrich.Finding {
	sorted := pages(s)
	return enrich.Finding{Title: "Owner", Weight: enrich.Important, Blocks: blocks(s, sorted), Data: data(s, sorted)}
}

func data(s datadog.Service, pages []Link) Data {
	d := Data{
		Service: s.Name, DisplayName: s.DisplayName, Description: s.Description,
		Team: s.Owner, Tier: s.Tier, Lifecycle: s.Lifecycle,
		OtherOwners: s.OtherOwners, DependsOn: s.DependsOn, Contacts: contacts(s), Links: pages,
		PagerDuty: address(s.PagerDuty), Opsgenie: address(s.Opsgenie),
	}
	d.Email, d.Slack = first(d.Contacts, "email"), first(d.Contacts, "slack")
	for _, page := range pages {
		if page.Type == "runbook" {
			d.Runbook = page.URL
			break
		}
	}
	return d
}

func first(contacts []Contact, kind string) string {
	for _, c := range contacts {
		if strings.EqualFold(c.Type, kind) {
			return c.Contact
		}
	}
	return ""
}
