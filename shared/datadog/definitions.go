package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"boomerang/shared/fault"
)

// Dashboard is a dashboard that a stack sets up.
type Dashboard struct {
	ID  string // Such as "p63-b2n-sjg".
	URL string // Absolute.
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
	list := get("list the dashboards", dashboardsRead, dashboardsPath, nil)
	var found []Dashboard
	for start := 0; start < maxDashboards; start += dashboardPage {
		list.query = values("count", strconv.Itoa(dashboardPage), "start", strconv.Itoa(start))
		page, err := readEach(ctx, c, list, "dashboards", func(d dashboardFields) dashboardFields { return d })
		if err != nil {
			return nil, err
		}
		for _, d := range page {
			if d.Title == title {
				found = append(found, Dashboard{ID: d.ID, URL: c.page(d.URL)})
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
	return read(ctx, c, get("get the dashboard", dashboardsRead, dashboardsPath+"/"+url.PathEscape(id), nil), c.dashboard)
}

// CreateDashboard creates a dashboard from a definition in Datadog's form.
// https://docs.datadoghq.com/api/latest/dashboards/#create-a-new-dashboard
func (c *Client) CreateDashboard(ctx context.Context, definition json.RawMessage) (Dashboard, error) {
	return create(ctx, c, dashboardsPath, "create the dashboard", dashboardsWrite, definition, c.dashboard)
}

// UpdateDashboard replaces a dashboard's definition.
// https://docs.datadoghq.com/api/latest/dashboards/#update-a-dashboard
func (c *Client) UpdateDashboard(ctx context.Context, id string, definition json.RawMessage) error {
	return c.change(ctx, http.MethodPut, dashboardsPath+"/"+url.PathEscape(id), "update the dashboard", dashboardsWrite, definition)
}

// DeleteDashboard deletes a dashboard.
// https://docs.datadoghq.com/api/latest/dashboards/#delete-a-dashboard
func (c *Client) DeleteDashboard(ctx context.Context, id string) error {
	return c.change(ctx, http.MethodDelete, dashboardsPath+"/"+url.PathEscape(id), "delete the dashboard", dashboardsWrite, nil)
}

type dashboardFields struct{ ID, Title, URL string }

func (c *Client) dashboard(d document[dashboardFields]) (Dashboard, bool) {
	return Dashboard{ID: d.fields.ID, URL: c.page(d.fields.URL), Definition: d.raw}, d.fields.ID != ""
}

// MonitorDefinition is a monitor that a stack sets up.
type MonitorDefinition struct {
	ID         int64
	Name       string
	Definition json.RawMessage // The whole monitor in Datadog's form.
}

// MonitorsTagged returns the monitors that have all of the tags.
// https://docs.datadoghq.com/api/latest/monitors/#get-all-monitors
func (c *Client) MonitorsTagged(ctx context.Context, tags ...string) ([]MonitorDefinition, error) {
	list := get("list the monitors", monitorsRead, monitorsPath, values("monitor_tags", strings.Join(tags, ",")))
	return read(ctx, c, list, func(all []document[monitorFields]) ([]MonitorDefinition, bool) {
		return each(all, func(d document[monitorFields]) MonitorDefinition {
			return MonitorDefinition{ID: d.fields.ID, Name: d.fields.Name, Definition: d.raw}
		}), all != nil
	})
}

// CreateMonitor creates a monitor from a definition and returns its id.
// https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor
func (c *Client) CreateMonitor(ctx context.Context, m MonitorDefinition) (id int64, err error) {
	return create(ctx, c, monitorsPath, fmt.Sprintf("create the monitor %q", m.Name), monitorsWrite, m.Definition,
		func(created monitorFields) (int64, bool) { return created.ID, created.ID != 0 })
}

// UpdateMonitor replaces what a monitor's definition names.
// https://docs.datadoghq.com/api/latest/monitors/#edit-a-monitor
func (c *Client) UpdateMonitor(ctx context.Context, m MonitorDefinition) error {
	return c.change(ctx, http.MethodPut, fmt.Sprintf("%s/%d", monitorsPath, m.ID), fmt.Sprintf("update the monitor %q", m.Name), monitorsWrite, m.Definition)
}

// DeleteMonitor deletes a monitor. Datadog refuses it while a composite monitor uses the monitor.
// https://docs.datadoghq.com/api/latest/monitors/#delete-a-monitor
func (c *Client) DeleteMonitor(ctx context.Context, m MonitorDefinition) error {
	return c.change(ctx, http.MethodDelete, fmt.Sprintf("%s/%d", monitorsPath, m.ID), fmt.Sprintf("delete the monitor %q", m.Name), monitorsWrite, nil)
}

type monitorFields struct {
	ID   int64
	Name string
}
