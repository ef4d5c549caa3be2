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

// Dashboard is a dashboard as far as one that sets it up has to know it.
type Dashboard struct {
	ID    string // Such as "p63-b2n-sjg".
	Title string
	URL   string // Absolute.
	// Definition is the whole dashboard in Datadog's form. Lists of dashboards leave
	// it out.
	Definition json.RawMessage
}

const (
	dashboardsPath = "/api/v1/dashboard"
	// dashboardPage is what Datadog puts on a page by itself.
	dashboardPage = 100
	// maxDashboards is more than an organisation can keep an overview of.
	maxDashboards = 10_000
)

// DashboardsTitled returns the dashboards with exactly that title. Datadog lists
// dashboards and does not search them, so it reads the whole list. It needs the
// permission dashboards_read.
//
// https://docs.datadoghq.com/api/latest/dashboards/#get-all-dashboards
func (c *Client) DashboardsTitled(ctx context.Context, title string) ([]Dashboard, error) {
	list := call{op: "list the dashboards", permission: dashboardsRead, method: http.MethodGet, path: dashboardsPath}
	var found []Dashboard
	for start := 0; start < maxDashboards; start += dashboardPage {
		list.query = url.Values{"count": {strconv.Itoa(dashboardPage)}, "start": {strconv.Itoa(start)}}
		var answer wireDashboards
		if err := c.read(ctx, list, &answer); err != nil {
			return nil, err
		}
		for _, w := range answer.Dashboards {
			if w.Title == title {
				found = append(found, c.dashboard(w, nil))
			}
		}
		if len(answer.Dashboards) < dashboardPage {
			return found, nil
		}
	}
	return nil, fault.New(fault.Permanent, fmt.Sprintf("Datadog has more than %d dashboards, too many to look for %q among them", maxDashboards, title), &Error{Op: list.op})
}

// Dashboard returns the dashboard with the id, its definition included. It needs
// the permission dashboards_read.
//
// https://docs.datadoghq.com/api/latest/dashboards/#get-a-dashboard
func (c *Client) Dashboard(ctx context.Context, id string) (Dashboard, error) {
	var answer wireDashboardWhole
	err := c.read(ctx, call{
		op: "get the dashboard", permission: dashboardsRead, method: http.MethodGet, path: dashboardsPath + "/" + url.PathEscape(id),
	}, &answer)
	return c.dashboard(answer.wireDashboard, answer.raw), err
}

// CreateDashboard makes a dashboard of a definition in Datadog's form. It needs the
// permission dashboards_write.
//
// https://docs.datadoghq.com/api/latest/dashboards/#create-a-new-dashboard
func (c *Client) CreateDashboard(ctx context.Context, definition json.RawMessage) (Dashboard, error) {
	var answer wireDashboardWhole
	err := c.write(ctx, call{
		op: "create the dashboard", permission: dashboardsWrite, method: http.MethodPost, path: dashboardsPath, body: &definition,
	}, &answer)
	return c.dashboard(answer.wireDashboard, answer.raw), err
}

// UpdateDashboard replaces a dashboard's definition. It needs the permission
// dashboards_write.
//
// https://docs.datadoghq.com/api/latest/dashboards/#update-a-dashboard
func (c *Client) UpdateDashboard(ctx context.Context, id string, definition json.RawMessage) error {
	return c.write(ctx, call{
		op: "update the dashboard", permission: dashboardsWrite, method: http.MethodPut, path: dashboardsPath + "/" + url.PathEscape(id), body: &definition,
	}, nil)
}

// DeleteDashboard removes a dashboard. It needs the permission dashboards_write.
//
// https://docs.datadoghq.com/api/latest/dashboards/#delete-a-dashboard
func (c *Client) DeleteDashboard(ctx context.Context, id string) error {
	return c.write(ctx, call{
		op: "delete the dashboard", permission: dashboardsWrite, method: http.MethodDelete, path: dashboardsPath + "/" + url.PathEscape(id),
	}, nil)
}

func (c *Client) dashboard(w wireDashboard, definition json.RawMessage) Dashboard {
	return Dashboard{ID: w.ID, Title: w.Title, URL: c.page(w.URL), Definition: definition}
}

type wireDashboard struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

type wireDashboards struct {
	Dashboards []wireDashboard `json:"dashboards"`
}

func (w *wireDashboards) complete() bool { return w.Dashboards != nil }

// wireDashboardWhole keeps the answer as it came beside what is read of it.
type wireDashboardWhole struct {
	wireDashboard
	raw json.RawMessage
}

func (w *wireDashboardWhole) complete() bool { return w.ID != "" }

func (w *wireDashboardWhole) UnmarshalJSON(body []byte) error {
	w.raw = append(w.raw[:0], body...)
	return json.Unmarshal(body, &w.wireDashboard)
}
