package fakedatadog

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The routes of the Software Catalog
// (https://docs.datadoghq.com/api/latest/software-catalog/).
const (
	CatalogList          Route = "catalog.list"
	CatalogRelations     Route = "catalog.relations"
	ServiceDefinitionGet Route = "service_definition.get"
)

func (s *Server) catalogRoutes() []route {
	return []route{
		{name: CatalogList, pattern: "GET /api/v2/catalog/entity", handle: s.listEntities},
		{name: CatalogRelations, pattern: "GET /api/v2/catalog/relation", handle: s.listRelations},
		{name: ServiceDefinitionGet, pattern: "GET /api/v2/services/definitions/{id}", handle: s.getDefinition},
	}
}

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
	kind, from, to, definedBy string
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

// is reports whether ref names the entity: kind:name in the default namespace, or
// kind:namespace/name.
func (e Entity) is(ref string) bool {
	return strings.EqualFold(ref, e.reference()) || strings.EqualFold(strings.Replace(ref, ":", ":default/", 1), e.reference())
}

func (s *Server) listEntities(c *call) answer {
	ref, withSchema := c.Get("filter[ref]"), c.includes("schema")
	data, included := []object{}, []object{}
	for _, e := range where(s.entities.all, func(e Entity) bool { return ref == "" || e.is(ref) }) {
		shown := e.shown(c.now)
		if withSchema {
			id := uuidOf(e.reference())
			shown["relationships"] = object{"schema": object{"data": reference{ID: id, Type: "schema"}}}
			included = append(included, object{"id": id, "type": "schema", "attributes": object{"schema": e}})
		}
		data = append(data, shown)
	}
	body := object{"data": data, "meta": object{"count": len(data), "includeCount": len(included)}}
	if withSchema {
		body["included"] = included
	}
	return success(body).as(mediaVendor)
}

func (e Entity) shown(now time.Time) object {
	attributes := object{
		"apiVersion": e.APIVersion, "kind": e.Kind, "name": e.Metadata.Name, "namespace": e.Metadata.Namespace,
		"displayName": e.Metadata.DisplayName, "description": e.Metadata.Description, "owner": e.Metadata.Owner,
	}
	maps.DeleteFunc(attributes, func(_ string, v any) bool { return v == "" })
	if len(e.Metadata.Tags) > 0 {
		attributes["tags"] = e.Metadata.Tags
	}
	return object{
		"id": uuidOf(e.reference()), "type": "entity", "attributes": attributes, "meta": object{"modifiedAt": now.UTC().Format(time.RFC3339)},
	}
}

// maxRelationsPerPage is what a page has at most, and without a limit in the request, as recorded.
const maxRelationsPerPage = 100

// listRelations answers with the edges that schemas define, by id. Datadog's own discovery
// finds more, for callers that ask for it.
func (s *Server) listRelations(c *call) answer {
	c.flag("includeDiscovered")
	from, to, kind := c.Get("filter[from_ref]"), c.Get("filter[to_ref]"), c.Get("filter[type]")
	offset, limit := c.integer("page[offset]", 0), min(c.integer("page[limit]", maxRelationsPerPage), maxRelationsPerPage)
	matching := where(s.relations(), func(e catalogEdge) bool {
		return (kind == "" || e.kind == kind) && isReference(from, e.from) && isReference(to, e.to)
	})
	data := []object{}
	for _, e := range window(matching, offset, limit) {
		data = append(data, e.shown(c.now))
	}
	page := func(at int64) string {
		next := maps.Clone(c.Values)
		next.Set("page[limit]", strconv.FormatInt(limit, 10))
		next.Set("page[offset]", strconv.FormatInt(at, 10))
		return c.URL.Path + "?" + next.Encode()
	}
	links := object{"self": page(offset)}
	if offset+limit < int64(len(matching)) {
		links["next"] = page(offset + limit)
	}
	return success(object{"data": data, "meta": object{"count": len(data), "includeCount": 0}, "links": links}).as(mediaVendor)
}

func (s *Server) relations() []catalogEdge {
	byID := map[string]catalogEdge{}
	for _, e := range s.entities.all {
		self := e.reference()
		both := func(kind, inverse, other string) {
			for _, edge := range []catalogEdge{{kind, self, other, self}, {inverse, other, self, self}} {
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
	all := slices.Collect(maps.Values(byID))
	slices.SortFunc(all, func(a, b catalogEdge) int { return cmp.Compare(a.id(), b.id()) })
	return all
}

// fullReference adds the default namespace to a reference without one.
func fullReference(ref string) string {
	kind, name, _ := strings.Cut(ref, ":")
	if !strings.Contains(name, "/") {
		name = "default/" + name
	}
	return kind + ":" + name
}

// isReference reports whether a filter is empty or names the entity.
func isReference(filter, full string) bool {
	return filter == "" || strings.EqualFold(fullReference(filter), full)
}

func (e catalogEdge) shown(now time.Time) object {
	at := now.UTC().Format(time.RFC3339)
	return object{
		"id": e.id(), "type": "relation",
		"attributes": object{"from": referenceParts(e.from), "to": referenceParts(e.to), "type": e.kind},
		"meta":       object{"createdAt": at, "modifiedAt": at, "source": "schema", "definedBy": e.definedBy},
	}
}

func referenceParts(full string) object {
	kind, rest, _ := strings.Cut(full, ":")
	namespace, name, _ := strings.Cut(rest, "/")
	return object{"kind": kind, "name": name, "namespace": namespace}
}

// getDefinition answers with the version of the schema that the caller wants. Those
// from v2.1 on have the same keys here.
func (s *Server) getDefinition(c *call) answer {
	found, exists := s.definitions.get(c.PathValue("id"))
	if !exists {
		return jsonAnswer(http.StatusNotFound, object{"errors": []string{"Not Found"}, "error_details": []object{{}}})
	}
	found.SchemaVersion = cmp.Or(c.Get("schema_version"), "v2.2")
	return success(object{"data": object{
		"type": "service-definition", "id": uuidOf(found.Service), "attributes": object{"schema": found},
	}})
}
