package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Dashboard is a dashboard that a stack sets up
// (https://docs.datadoghq.com/api/latest/dashboards/).
type Dashboard struct {
	ID  string // Such as "p63-b2n-sjg".
	URL string // Absolute.
	// Definition is the whole dashboard in Datadog's form. Lists leave it out.
	Definition json.RawMessage
}

const dashboardsPath = "/api/v1/dashboard"

func (d Dashboard) object() object {
	return object{title: "the dashboard", collection: dashboardsPath, id: d.ID, body: d.Definition, permission: dashboardsWrite, needsID: true}
}

type dashboardFields struct{ ID, Title, URL string }

// DashboardsTitled returns the dashboards with exactly that title. Datadog has no search for
// dashboards, so it reads the whole list.
// https://docs.datadoghq.com/api/latest/dashboards/#get-all-dashboards
func (c *Client) DashboardsTitled(ctx context.Context, title string) (found []Dashboard, err error) {
	page := func(n int) url.Values {
		return values("count", strconv.Itoa(pageSize), "start", strconv.Itoa(n*pageSize))
	}
	all, err := readPages(ctx, c, get("list the dashboards", dashboardsRead, dashboardsPath, nil), page, "dashboards", func(d dashboardFields) dashboardFields { return d })
	for _, d := range all {
		if d.Title == title {
			found = append(found, Dashboard{ID: d.ID, URL: c.page(d.URL)})
		}
	}
	return found, err
}

// Dashboard returns the dashboard with the id and its definition.
// https://docs.datadoghq.com/api/latest/dashboards/#get-a-dashboard
func (c *Client) Dashboard(ctx context.Context, id string) (Dashboard, error) {
	get := get("get the dashboard", dashboardsRead, dashboardsPath+"/"+url.PathEscape(id), nil)
	return read(ctx, c, get, func(d document[dashboardFields]) (Dashboard, bool) {
		return Dashboard{ID: d.fields.ID, URL: c.page(d.fields.URL), Definition: d.raw}, d.fields.ID != ""
	})
}

// MonitorDefinition is a monitor that a stack sets up
// (https://docs.datadoghq.com/api/latest/monitors/). Datadog refuses to delete one that a composite
// monitor uses.
type MonitorDefinition struct {
	ID         string
	Name       string
	Definition json.RawMessage // The whole monitor in Datadog's form.
}

func (m MonitorDefinition) object() object {
	return object{title: fmt.Sprintf("the monitor %q", m.Name), collection: monitorsPath, id: m.ID, body: m.Definition, permission: monitorsWrite, needsID: true}
}

// MonitorsTagged returns the monitors that have all of the tags.
// https://docs.datadoghq.com/api/latest/monitors/#get-all-monitors
func (c *Client) MonitorsTagged(ctx context.Context, tags ...string) ([]MonitorDefinition, error) {
	list := get("list the monitors", monitorsRead, monitorsPath, values("monitor_tags", strings.Join(tags, ",")))
	type fields struct {
		ID   int64
		Name string
	}
	return read(ctx, c, list, func(all []document[fields]) ([]MonitorDefinition, bool) {
		return each(all, func(d document[fields]) MonitorDefinition {
			return MonitorDefinition{ID: strconv.FormatInt(d.fields.ID, 10), Name: d.fields.Name, Definition: d.raw}
		}), all != nil
	})
}
