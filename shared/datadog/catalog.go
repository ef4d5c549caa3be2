package datadog

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"boomerang/shared/fault"
)

// Service is an entry of the Software Catalog. Fields that a response lacks are zero. The
// keys are those of a service definition.
type Service struct {
	Name        string        `json:"dd-service"` // As in the tag "service".
	DisplayName string        `json:"displayName"`
	Description string        `json:"description"`
	Owner       string        `json:"team"` // The handle of a team.
	OtherOwners []string      `json:"-"`    // More handles.
	Tier        string        `json:"tier"`
	Lifecycle   string        `json:"lifecycle"`
	Contacts    []Contact     `json:"contacts"`
	Links       []ServiceLink `json:"links"`
	DependsOn   []string      `json:"-"` // References such as "service:payments".
	PagerDuty   string        `json:"-"` // URL of the service there, as Opsgenie.
	Opsgenie    string        `json:"-"`
}

// Contact is a way to reach the owners of a service. Playbooks see it.
type Contact struct {
	Type    string `json:"type"` // "email", "slack", "microsoft-teams", or a newer one.
	Name    string `json:"name,omitempty"`
	Contact string `json:"contact"`
}

// ServiceLink is a page about a service. Playbooks see it.
type ServiceLink struct {
	Type string `json:"type"` // "runbook", "doc", "repo", "dashboard", "other", or a newer one.
	Name string `json:"name,omitempty"`
	URL  string `json:"url"`
}

// Service returns the service with the name from the Software Catalog, or else from the older service
// definitions. IsNotFound is true of the error when neither has it.
// https://docs.datadoghq.com/api/latest/software-catalog/#get-a-list-of-entities
// https://docs.datadoghq.com/api/latest/service-definition/#get-a-single-service-definition
func (c *Client) Service(ctx context.Context, name string) (Service, error) {
	search := values("filter[ref]", "service:"+name, "include", "schema")
	catalog, err := read(ctx, c, get("get the service", catalogRead, "/api/v2/catalog/entity", search), entityResponse.whole)
	if err != nil {
		return Service{}, err
	}
	if found, ok := catalog.service(name); ok {
		return found, nil
	}
	return c.serviceDefinition(ctx, name)
}

func (c *Client) serviceDefinition(ctx context.Context, name string) (Service, error) {
	get := get("get the service definition", catalogRead, "/api/v2/services/definitions/"+url.PathEscape(name), values("schema_version", "v2.2"))
	if !isSegment(name) {
		return Service{}, noService(name, &Error{Op: get.op, Status: http.StatusNotFound})
	}
	found, err := read(ctx, c, get, definitionResponse.service)
	if IsNotFound(err) {
		return Service{}, noService(name, err)
	}
	return found, err
}

func noService(name string, err error) error {
	return fault.NewRedacted(fault.Permanent, "Datadog's Software Catalog has no service ", strconv.Quote(name), "", err)
}

// isSegment reports whether name can be one segment of a path. A proxy may decode an
// escaped slash or resolve dots.
func isSegment(name string) bool {
	return strings.Trim(name, ".") != "" && !strings.Contains(name, "/")
}

type entityResponse struct {
	Data     []resource[struct{ Name, DisplayName, Description, Owner string }]
	Included []resource[struct{ Schema entity }]
}

func (r entityResponse) whole() (entityResponse, bool) { return r, r.Data != nil }

// service returns the entity with the name, completed from its schema.
func (r entityResponse) service(name string) (Service, bool) {
	for _, found := range r.Data {
		a := found.Attributes
		if !strings.EqualFold(a.Name, name) {
			continue
		}
		var s Service
		for _, schema := range included(r.Included, found.Relationships["schema"].Data) {
			s = schema.Attributes.Schema.service()
		}
		s.Name, s.DisplayName = a.Name, cmp.Or(a.DisplayName, s.DisplayName)
		s.Description, s.Owner = cmp.Or(a.Description, s.Description), cmp.Or(a.Owner, s.Owner)
		return s, true
	}
	return Service{}, false
}

// entity is version 3 of the schema
// (https://docs.datadoghq.com/internal_developer_portal/software_catalog/entity_model/).
type entity struct {
	Metadata struct {
		Service
		Owner            string
		AdditionalOwners []struct{ Name string }
	}
	Spec struct {
		Tier, Lifecycle string
		DependsOn       []string
	}
	Integrations struct{ PagerDuty, Opsgenie struct{ ServiceURL string } }
}

func (e entity) service() Service {
	s := e.Metadata.Service
	s.Owner, s.Tier, s.Lifecycle, s.DependsOn = e.Metadata.Owner, e.Spec.Tier, e.Spec.Lifecycle, e.Spec.DependsOn
	s.PagerDuty, s.Opsgenie = e.Integrations.PagerDuty.ServiceURL, e.Integrations.Opsgenie.ServiceURL
	for _, owner := range e.Metadata.AdditionalOwners {
		if owner.Name != "" {
			s.OtherOwners = append(s.OtherOwners, owner.Name)
		}
	}
	return s
}

// definitionResponse has version 2.2 of the schema, to which Datadog converts others.
type definitionResponse struct {
	Data resource[struct{ Schema serviceDefinition }]
}

type serviceDefinition struct {
	Service
	Integrations struct {
		PagerDuty, Opsgenie struct {
			URL string `json:"service-url"`
		}
	}
}

func (r definitionResponse) service() (Service, bool) {
	d := r.Data.Attributes.Schema
	d.PagerDuty, d.Opsgenie = d.Integrations.PagerDuty.URL, d.Integrations.Opsgenie.URL
	return d.Service, d.Name != ""
}

// Entity names an entity of the Software Catalog.
type Entity struct {
	Kind string `json:"kind"` // "service", "datastore", "queue", or a newer one.
	Name string `json:"name"`
}

// maxDependencies is Datadog's largest page.
const maxDependencies = 100

// Dependencies returns what a service depends on, as its owners or Datadog's discovery say, and nothing for an
// unknown service.
// https://docs.datadoghq.com/api/latest/software-catalog/#get-a-list-of-entity-relations
func (c *Client) Dependencies(ctx context.Context, service string) ([]Entity, error) {
	relations := get("list the service's dependencies", catalogRead, "/api/v2/catalog/relation", values(
		"filter[from_ref]", "service:"+service, "filter[type]", "RelationTypeDependsOn",
		"includeDiscovered", "true", "page[limit]", strconv.Itoa(maxDependencies),
	))
	return readEach(ctx, c, relations, "data", func(r resource[struct{ To Entity }]) Entity { return r.Attributes.To })
}
