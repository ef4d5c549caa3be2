package datadog

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"boomerang/shared/fault"
)

// catalogRead is the permission for the Software Catalog in its old and its new form.
const catalogRead = "apm_service_catalog_read"

// Service is what the Software Catalog says about a service. What an answer
// lacks is zero. Kinds of contacts and links are open lists.
type Service struct {
	Name        string // As in the tag "service".
	DisplayName string
	Description string
	Owner       string   // The handle of a team.
	OtherOwners []string // Handles, too.
	Tier        string
	Lifecycle   string
	Contacts    []Contact
	Links       []ServiceLink
	DependsOn   []string // References such as "service:payments".
	PagerDuty   string   // The address of the service there, as Opsgenie's.
	Opsgenie    string
}

// Contact is a way to reach the owners of a service.
type Contact struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // "email", "slack", "microsoft-teams", …
	Contact string `json:"contact"`
}

// ServiceLink is a page about a service.
type ServiceLink struct {
	Name string `json:"name"`
	Type string `json:"type"` // "runbook", "doc", "repo", "dashboard", "other", …
	URL  string `json:"url"`
}

// Service returns the service with the name from the Software Catalog, or its
// older service definition when the catalog has none. It needs the permission
// apm_service_catalog_read. Where neither has one, the error is Refused and its
// *Error has the status 404.
//
// https://docs.datadoghq.com/api/latest/software-catalog/#get-a-list-of-entities,
// https://docs.datadoghq.com/api/latest/service-definition/#get-a-single-service-definition
func (c *Client) Service(ctx context.Context, name string) (Service, error) {
	var entities wireEntities
	list := call{
		op: "get the service", permission: catalogRead, method: http.MethodGet, path: "/api/v2/catalog/entity",
		query: url.Values{"filter[ref]": {"service:" + name}, "include": {"schema"}},
	}
	if err := c.read(ctx, list, &entities); err != nil {
		return Service{}, err
	}
	if found, ok := entities.service(name); ok {
		return found, nil
	}
	return c.serviceDefinition(ctx, name)
}

func (c *Client) serviceDefinition(ctx context.Context, name string) (Service, error) {
	get := call{
		op: "get the service definition", permission: catalogRead, method: http.MethodGet,
		path:  "/api/v2/services/definitions/" + url.PathEscape(name),
		query: url.Values{"schema_version": {"v2.2"}},
	}
	if !isSegment(name) {
		return Service{}, noService(name, &Error{Op: get.op, Status: http.StatusNotFound})
	}
	var definition wireDefinition
	err := c.read(ctx, get, &definition)
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusNotFound {
		return Service{}, noService(name, e)
	}
	if err != nil {
		return Service{}, err
	}
	return definition.service(), nil
}

func noService(name string, e *Error) error {
	return fault.NewRedacted(fault.Permanent, "Datadog's Software Catalog has no service ", strconv.Quote(name), "", e)
}

// isSegment reports whether name can be one segment of a path. A proxy on the way
// may take an escaped slash for a slash, and dots for a step up.
func isSegment(name string) bool {
	return strings.Trim(name, ".") != "" && !strings.Contains(name, "/")
}

type wireEntities struct {
	Data []struct {
		Attributes struct {
			Name        string `json:"name"`
			DisplayName string `json:"displayName"`
			Description string `json:"description"`
			Owner       string `json:"owner"`
		} `json:"attributes"`
		Relationships struct {
			Schema struct{ Data reference } `json:"schema"`
		} `json:"relationships"`
	} `json:"data"`
	Included []struct {
		reference
		Attributes struct {
			Schema wireEntity `json:"schema"`
		} `json:"attributes"`
	} `json:"included"`
}

// reference names a resource, as the v2 API does throughout (https://jsonapi.org).
type reference struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

func (w *wireEntities) complete() bool { return w.Data != nil }

// service returns the entity with the name, and what its schema adds to it.
func (w *wireEntities) service(name string) (Service, bool) {
	for _, entity := range w.Data {
		if !strings.EqualFold(entity.Attributes.Name, name) {
			continue
		}
		var schema wireEntity
		for _, included := range w.Included {
			if included.reference == entity.Relationships.Schema.Data {
				schema = included.Attributes.Schema
			}
		}
		s := schema.service()
		s.Name = entity.Attributes.Name
		s.DisplayName = cmp.Or(entity.Attributes.DisplayName, s.DisplayName)
		s.Description = cmp.Or(entity.Attributes.Description, s.Description)
		s.Owner = cmp.Or(entity.Attributes.Owner, s.Owner)
		return s, true
	}
	return Service{}, false
}

// wireEntity is version 3 of the schema
// (https://docs.datadoghq.com/internal_developer_portal/software_catalog/entity_model/).
type wireEntity struct {
	Metadata struct {
		DisplayName      string                  `json:"displayName"`
		Description      string                  `json:"description"`
		Owner            string                  `json:"owner"`
		AdditionalOwners []struct{ Name string } `json:"additionalOwners"`
		Contacts         []Contact               `json:"contacts"`
		Links            []ServiceLink           `json:"links"`
	} `json:"metadata"`
	Spec struct {
		Tier      string   `json:"tier"`
		Lifecycle string   `json:"lifecycle"`
		DependsOn []string `json:"dependsOn"`
	} `json:"spec"`
	Integrations struct {
		PagerDuty struct {
			ServiceURL string `json:"serviceURL"`
		} `json:"pagerduty"`
		Opsgenie struct {
			ServiceURL string `json:"serviceURL"`
		} `json:"opsgenie"`
	} `json:"integrations"`
}

func (w wireEntity) service() Service {
	s := Service{
		DisplayName: w.Metadata.DisplayName, Description: w.Metadata.Description,
		Owner: w.Metadata.Owner, Tier: w.Spec.Tier, Lifecycle: w.Spec.Lifecycle,
		Contacts: w.Metadata.Contacts, Links: w.Metadata.Links, DependsOn: w.Spec.DependsOn,
		PagerDuty: w.Integrations.PagerDuty.ServiceURL, Opsgenie: w.Integrations.Opsgenie.ServiceURL,
	}
	for _, owner := range w.Metadata.AdditionalOwners {
		if owner.Name != "" {
			s.OtherOwners = append(s.OtherOwners, owner.Name)
		}
	}
	return s
}

type wireDefinition struct {
	Data struct {
		Attributes struct {
			Schema wireServiceSchema `json:"schema"`
		} `json:"attributes"`
	} `json:"data"`
}

func (w *wireDefinition) complete() bool { return w.Data.Attributes.Schema.Service != "" }

// wireServiceSchema is version 2.2 of the schema, which Datadog makes of any other.
type wireServiceSchema struct {
	Service      string        `json:"dd-service"`
	Description  string        `json:"description"`
	Team         string        `json:"team"`
	Tier         string        `json:"tier"`
	Lifecycle    string        `json:"lifecycle"`
	Contacts     []Contact     `json:"contacts"`
	Links        []ServiceLink `json:"links"`
	Integrations struct {
		PagerDuty struct {
			ServiceURL string `json:"service-url"`
		} `json:"pagerduty"`
		Opsgenie struct {
			ServiceURL string `json:"service-url"`
		} `json:"opsgenie"`
	} `json:"integrations"`
}

func (w *wireDefinition) service() Service {
	s := w.Data.Attributes.Schema
	return Service{
		Name: s.Service, Description: s.Description, Owner: s.Team, Tier: s.Tier, Lifecycle: s.Lifecycle,
		Contacts: s.Contacts, Links: s.Links,
		PagerDuty: s.Integrations.PagerDuty.ServiceURL, Opsgenie: s.Integrations.Opsgenie.ServiceURL,
	}
}
