package fakedatadog

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Entity is an entity of the Software Catalog, version 3
// (https://docs.datadoghq.com/internal_developer_portal/software_catalog/entity_model/).
type Entity struct {
	APIVersion string         `json:"apiVersion"` // "v3".
	Kind       string         `json:"kind"`       // "service".
	Metadata   EntityMetadata `json:"metadata"`
	Spec       EntitySpec     `json:"spec"`
}

// EntityMetadata names an entity and its owners.
type EntityMetadata struct {
	Name        string    `json:"name"`
	Namespace   string    `json:"namespace"`
	DisplayName string    `json:"displayName,omitempty"`
	Description string    `json:"description,omitempty"`
	Owner       string    `json:"owner,omitempty"`
	Tags        []string  `json:"tags,omitempty"`
	Contacts    []Contact `json:"contacts,omitempty"`
	Links       []Link    `json:"links,omitempty"`
}

// EntitySpec is that of a service; the other kinds have other keys.
type EntitySpec struct {
	Type      string   `json:"type,omitempty"`
	Tier      string   `json:"tier,omitempty"`
	Lifecycle string   `json:"lifecycle,omitempty"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// Contact is a way to reach an owner.
type Contact struct {
	Name    string `json:"name,omitempty"`
	Type    string `json:"type"` // "email", "slack", …
	Contact string `json:"contact"`
}

// Link is a page about a service.
type Link struct {
	Name string `json:"name"`
	Type string `json:"type"` // "runbook", "doc", "repo", "dashboard", "other", …
	URL  string `json:"url"`
}

// ServiceDefinition is the catalog's older form, version 2.2
// (https://docs.datadoghq.com/api/latest/service-definition/).
type ServiceDefinition struct {
	SchemaVersion string `json:"schema-version"`
	Service       string `json:"dd-service"`
	Team          string `json:"team,omitempty"`
}

// catalogEdge is one relation between two entities. Each is there in both directions.
type catalogEdge struct {
	kind, from, to string
}

func (e catalogEdge) id() string { return e.from + ":" + e.kind + ":" + e.to }

// AddEntity adds an entity, or replaces the one with the same reference.
func (s *Server) AddEntity(e Entity) {
	e.APIVersion, e.Kind = cmp.Or(e.APIVersion, "v3"), cmp.Or(e.Kind, "service")
	e.Metadata.Namespace = cmp.Or(e.Metadata.Namespace, "default")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entities.put(e)
}

// AddServiceDefinition adds a definition that only the older API finds.
func (s *Server) AddServiceDefinition(d ServiceDefinition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.definitions.put(d)
}

func (e Entity) reference() string {
	return e.Kind + ":" + e.Metadata.Namespace + "/" + e.Metadata.Name
}

func (s *Server) listEntities(c *call) answer {
	withSchema, included := c.includes("schema"), []object{}
	matching := where(s.entities.all, func(e Entity) bool { return isReference(c.Get("filter[ref]"), e.reference()) })
	data := list(matching, func(e Entity) object {
		shown := e.shown()
		if withSchema {
			id := uuidOf(e.reference())
			shown["relationships"] = object{"schema": object{"data": reference{ID: id, Type: "schema"}}}
			included = append(included, resource("schema", id, object{"schema": e}))
		}
		return shown
	})
	body := object{"data": data, "meta": object{"count": len(data), "includeCount": len(included)}}
	if withSchema {
		body["included"] = included
	}
	return success(body).as(mediaVendor)
}

func (e Entity) shown() object {
	attributes := objectOf(e.Metadata)
	maps.DeleteFunc(attributes, func(key string, _ any) bool { return key == "contacts" || key == "links" })
	attributes["apiVersion"], attributes["kind"] = e.APIVersion, e.Kind
	return resource("entity", uuidOf(e.reference()), attributes)
}

// maxRelationsPerPage is what a page has at most, and without a limit in the request, as recorded.
const maxRelationsPerPage = 100

// listRelations answers with the first page of the edges that schemas define, by id.
// Datadog's own discovery finds more, for callers that ask for it.
func (s *Server) listRelations(c *call) answer {
	c.flag("includeDiscovered")
	from, kind := c.Get("filter[from_ref]"), c.Get("filter[type]")
	matching := where(s.relations(), func(e catalogEdge) bool { return (kind == "" || e.kind == kind) && isReference(from, e.from) })
	page := window(matching, 0, min(c.integer("page[limit]", maxRelationsPerPage), maxRelationsPerPage))
	return success(object{"data": list(page, catalogEdge.shown), "meta": object{"count": len(page), "includeCount": 0}}).as(mediaVendor)
}

func (s *Server) relations() []catalogEdge {
	byID := map[string]catalogEdge{}
	for _, e := range s.entities.all {
		self := e.reference()
		both := func(kind, inverse, other string) {
			for _, edge := range []catalogEdge{{kind, self, other}, {inverse, other, self}} {
				byID[edge.id()] = edge
			}
		}
		for _, other := range e.Spec.DependsOn {
			both("RelationTypeDependsOn", "RelationTypeDependencyOf", fullReference(other))
		}
		if e.Metadata.Owner != "" {
			both("RelationTypeOwnedBy", "RelationTypeOwns", fullReference("team:"+e.Metadata.Owner))
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b catalogEdge) int { return cmp.Compare(a.id(), b.id()) })
}

// fullReference adds the default namespace to a reference without one.
func fullReference(ref string) string {
	if kind, name, _ := strings.Cut(ref, ":"); !strings.Contains(name, "/") {
		return kind + ":default/" + name
	}
	return ref
}

// isReference reports whether a filter is empty or names the entity.
func isReference(filter, full string) bool {
	return filter == "" || strings.EqualFold(fullReference(filter), full)
}

func (e catalogEdge) shown() object {
	return resource("relation", e.id(), object{"from": referenceParts(e.from), "to": referenceParts(e.to), "type": e.kind})
}

func referenceParts(full string) object {
	kind, rest, _ := strings.Cut(full, ":")
	namespace, name, _ := strings.Cut(rest, "/")
	return object{"kind": kind, "name": name, "namespace": namespace}
}

// getDefinition answers with the version of the schema that the caller wants. Those
// from v2.1 on have the same keys here.
func (s *Server) getDefinition(c *call) answer {
	found, exists := s.definitions.find(c.PathValue("id"))
	if !exists {
		return jsonAnswer(http.StatusNotFound, object{"errors": []string{"Not Found"}, "error_details": []object{{}}})
	}
	found.SchemaVersion = cmp.Or(c.Get("schema_version"), "v2.2")
	return success(object{"data": resource("service-definition", uuidOf(found.Service), object{"schema": found})})
}
