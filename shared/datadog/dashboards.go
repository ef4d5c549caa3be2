package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"boomerang/shared/fault"
)

// Dashboard is a dashboard that a stack sets up.
type Dashboard struct {
	ID    string // Such as "p63-b2n-sjg".
	Title string
	URL   string // Absolute.
	// Definition is the whole dashboard in Datadog's form. Lists leave it out.
	Definition json.RawMessage
}

// The permissions for dashboards
// (https://docs.datadoghq.com/account_management/rbac/permissions/).
const (
	dashboardsRead  = "dashboards_read"
	dashboardsWrite = "dashboards_write"
)

const (
	dashboardsPath = "/api/v1/dashboard"
	// dashboardPage is Datadog's default page size.
	dashboardPage = 100
	// maxDashboards bounds the search.
	maxDashboards = 10_000
)

// DashboardsTitled returns the dashboards with exactly that title. Datadog has no search for
// dashboards, so it reads the whole list.
// https://docs.datadoghq.com/api/latest/dashboards/#get-all-dashboards
func (c *Client) DashboardsTitled(ctx context.Context, title string) ([]Dashboard, error) {
	list := call{op: "list the dashboards", permission: dashboardsRead, method: http.MethodGet, path: dashboardsPath}
	var found []Dashboard
	for start := 0; start < maxDashboards; start += dashboardPage {
		list.query = url.Values{"count": {strconv.Itoa(dashboardPage)}, "start": {strconv.Itoa(start)}}
		page, err := read(ctx, c, list, c.dashboards)
		if err != nil {
			return nil, err
		}
		for _, d := range page {
			if d.Title == title {
				found = append(found, d)
			}
		}
		if len(page) < dashboardPage {
			return found, nil
		}
	}
	return nil, fault.New(fault.Permanent, fmt.Sprintf("Datadog has more than %d dashboards, too many to look for %q among them", maxDashboards, title), &Error{Op: list.op})
}

// Dashboard returns the dashboard with the id and its definition.
// https://docs.datadoghq.com/api/latest/dashboards/#get-a-dashboard
func (c *Client) Dashboard(ctx context.Context, id string) (Dashboard, error) {
	return read(ctx, c, call{
		op: "get the dashboard", permission: dashboardsRead, method: http.MethodGet, path: dashboardsPath + "/" + url.PathEscape(id),
	}, c.dashboard)
}

// CreateDashboard creates a dashboard from a definition in Datadog's form.
// https://docs.datadoghq.com/api/latest/dashboards/#create-a-new-dashboard
func (c *Client) CreateDashboard(ctx context.Context, definition json.RawMessage) (Dashboard, error) {
	var created dashboardResponse
	err := c.change(ctx, http.MethodPost, dashboardsPath, "create the dashboard", dashboardsWrite, definition, &created)
	return c.dashboard(created), err
}

// UpdateDashboard replaces a dashboard's definition.
// https://docs.datadoghq.com/api/latest/dashboards/#update-a-dashboard
func (c *Client) UpdateDashboard(ctx context.Context, id string, definition json.RawMessage) error {
	return c.change(ctx, http.MethodPut, dashboardsPath+"/"+url.PathEscape(id), "update the dashboard", dashboardsWrite, definition, nil)
}

// DeleteDashboard deletes a dashboard.
// https://docs.datadoghq.com/api/latest/dashboards/#delete-a-dashboard
func (c *Client) DeleteDashboard(ctx context.Context, id string) error {
	return c.change(ctx, http.MethodDelete, dashboardsPath+"/"+url.PathEscape(id), "delete the dashboard", dashboardsWrite, nil, nil)
}

// dashboardResponse keeps the response beside the fields that are read of it.
type dashboardResponse struct {
	fields struct{ ID, Title, URL string }
	raw    json.RawMessage
}

func (r dashboardResponse) complete() bool { return r.fields.ID != "" }

func (r *dashboardResponse) UnmarshalJSON(body []byte) error {
	r.raw = append(r.raw[:0], body...)
	return decode(body, &r.fields)
}

func (c *Client) dashboard(r dashboardResponse) Dashboard {
	return Dashboard{ID: r.fields.ID, Title: r.fields.Title, URL: c.page(r.fields.URL), Definition: r.raw}
}

type dashboardsResponse struct {
	Dashboards []struct{ ID, Title, URL string } `json:"dashboards"`
}

func (r dashboardsResponse) complete() bool { return r.Dashboards != nil }

func (c *Client) dashboards(r dashboardsResponse) []Dashboard {
	all := make([]Dashboard, len(r.Dashboards))
	for i, d := range r.Dashboards {
		all[i] = Dashboard{ID: d.ID, Title: d.Title, URL: c.page(d.URL)}
	}
	return all
}
