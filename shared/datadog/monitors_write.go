package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// MonitorDefinition is a monitor as its maker defines it, where Monitor is what
// responders need to know of one.
type MonitorDefinition struct {
	ID   int64
	Name string
	// Definition is the whole monitor in Datadog's form.
	Definition json.RawMessage
}

const monitorsPath = "/api/v1/monitor"

// MonitorsTagged returns the monitors that carry all of the tags. It needs the
// permission monitors_read.
//
// https://docs.datadoghq.com/api/latest/monitors/#get-all-monitors
func (c *Client) MonitorsTagged(ctx context.Context, tags ...string) ([]MonitorDefinition, error) {
	var answer wireMonitorDefinitions
	err := c.read(ctx, call{
		op: "list the monitors", permission: monitorsRead, method: http.MethodGet, path: monitorsPath,
		query: url.Values{"monitor_tags": {strings.Join(tags, ",")}},
	}, &answer)
	monitors := make([]MonitorDefinition, len(answer))
	for i, w := range answer {
		monitors[i] = MonitorDefinition{ID: w.ID, Name: w.Name, Definition: w.raw}
	}
	return monitors, err
}

// CreateMonitor makes a monitor of a definition in Datadog's form, and returns its
// id. It needs the permission monitors_write.
//
// https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor
func (c *Client) CreateMonitor(ctx context.Context, m MonitorDefinition) (id int64, err error) {
	var answer wireMonitorDefinition
	err = c.write(ctx, call{
		op: fmt.Sprintf("create the monitor %q", m.Name), permission: monitorsWrite,
		method: http.MethodPost, path: monitorsPath, body: &m.Definition,
	}, &answer)
	return answer.ID, err
}

// UpdateMonitor replaces what a monitor's definition names. It needs the permission
// monitors_write.
//
// https://docs.datadoghq.com/api/latest/monitors/#edit-a-monitor
func (c *Client) UpdateMonitor(ctx context.Context, m MonitorDefinition) error {
	return c.write(ctx, call{
		op: fmt.Sprintf("update the monitor %q", m.Name), permission: monitorsWrite,
		method: http.MethodPut, path: fmt.Sprintf("%s/%d", monitorsPath, m.ID), body: &m.Definition,
	}, nil)
}

// DeleteMonitor removes a monitor, which Datadog refuses while a composite monitor
// is made of it. It needs the permission monitors_write.
//
// https://docs.datadoghq.com/api/latest/monitors/#delete-a-monitor
func (c *Client) DeleteMonitor(ctx context.Context, m MonitorDefinition) error {
	return c.write(ctx, call{
		op: fmt.Sprintf("delete the monitor %q", m.Name), permission: monitorsWrite,
		method: http.MethodDelete, path: fmt.Sprintf("%s/%d", monitorsPath, m.ID),
	}, nil)
}

// wireMonitorDefinition keeps the answer as it came beside what is read of it.
type wireMonitorDefinition struct {
	ID   int64
	Name string
	raw  json.RawMessage
}

func (w *wireMonitorDefinition) complete() bool { return w.ID != 0 }

func (w *wireMonitorDefinition) UnmarshalJSON(body []byte) error {
	w.raw = append(w.raw[:0], body...)
	var named struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	err := json.Unmarshal(body, &named)
	w.ID, w.Name = named.ID, named.Name
	return err
}

type wireMonitorDefinitions []wireMonitorDefinition

func (w *wireMonitorDefinitions) complete() bool { return *w != nil }
