package datadog

import (
	"context"
	"encoding/json"
	"testing"

	api "github.com/DataDog/datadog-api-client-go/v2/api/datadog"
	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
	"github.com/google/go-cmp/cmp"
)

const (
	aDashboard = `{"title":"a","description":"b","layout_type":"ordered","reflow_type":"auto","widgets":[]}`
	aMonitor   = `{"type":"composite","name":"a","query":"1 && 2","message":"b","tags":["c"],"options":{"include_tags":true}}`
)

// Like the reads, what changes something must be asked for as Datadog's own client
// does. Only what a removal accepts for an answer may differ, since nobody reads it.
func TestClient_changes_what_the_official_client_changes(t *testing.T) {
	webhook := Webhook{Name: "a-b", URL: "https://example.com/", Payload: `{"id":"$ID"}`, CustomHeaders: `{"X":"$Y"}`, EncodeAs: "json"}
	variable := SecretVariable{Name: "A_TOKEN", Value: "private"}
	tests := map[string]struct {
		ours     func(context.Context, *Client) error
		official func(context.Context, *api.APIClient) error
	}{
		"validate": {
			func(ctx context.Context, c *Client) error { return c.Validate(ctx) },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewAuthenticationApi(c).Validate(ctx)
				return err
			},
		},
		"webhook": {
			func(ctx context.Context, c *Client) error { _, err := c.Webhook(ctx, "a-b"); return err },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewWebhooksIntegrationApi(c).GetWebhooksIntegration(ctx, "a-b")
				return err
			},
		},
		"create_webhook": {
			func(ctx context.Context, c *Client) error { return c.CreateWebhook(ctx, webhook) },
			func(ctx context.Context, c *api.APIClient) error {
				body := datadogV1.NewWebhooksIntegration(webhook.Name, webhook.URL)
				body.SetPayload(webhook.Payload)
				body.SetCustomHeaders(webhook.CustomHeaders)
				_, _, err := datadogV1.NewWebhooksIntegrationApi(c).CreateWebhooksIntegration(ctx, *body)
				return err
			},
		},
		"update_webhook": {
			func(ctx context.Context, c *Client) error { return c.UpdateWebhook(ctx, webhook) },
			func(ctx context.Context, c *api.APIClient) error {
				body := datadogV1.NewWebhooksIntegrationUpdateRequest()
				body.SetName(webhook.Name)
				body.SetUrl(webhook.URL)
				body.SetEncodeAs(datadogV1.WEBHOOKSINTEGRATIONENCODING_JSON)
				body.SetPayload(webhook.Payload)
				body.SetCustomHeaders(webhook.CustomHeaders)
				_, _, err := datadogV1.NewWebhooksIntegrationApi(c).UpdateWebhooksIntegration(ctx, "a-b", *body)
				return err
			},
		},
		"delete_webhook": {
			func(ctx context.Context, c *Client) error { return c.DeleteWebhook(ctx, "a-b") },
			func(ctx context.Context, c *api.APIClient) error {
				_, err := datadogV1.NewWebhooksIntegrationApi(c).DeleteWebhooksIntegration(ctx, "a-b")
				return err
			},
		},
		"variable": {
			func(ctx context.Context, c *Client) error { _, err := c.HasVariable(ctx, "A_TOKEN"); return err },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewWebhooksIntegrationApi(c).GetWebhooksIntegrationCustomVariable(ctx, "A_TOKEN")
				return err
			},
		},
		"create_variable": {
			func(ctx context.Context, c *Client) error { return c.CreateVariable(ctx, variable) },
			func(ctx context.Context, c *api.APIClient) error {
				body := datadogV1.NewWebhooksIntegrationCustomVariable(true, "A_TOKEN", "private")
				_, _, err := datadogV1.NewWebhooksIntegrationApi(c).CreateWebhooksIntegrationCustomVariable(ctx, *body)
				return err
			},
		},
		"update_variable": {
			func(ctx context.Context, c *Client) error { return c.UpdateVariable(ctx, variable) },
			func(ctx context.Context, c *api.APIClient) error {
				body := datadogV1.NewWebhooksIntegrationCustomVariableUpdateRequest()
				body.SetValue("private")
				body.SetIsSecret(true)
				_, _, err := datadogV1.NewWebhooksIntegrationApi(c).UpdateWebhooksIntegrationCustomVariable(ctx, "A_TOKEN", *body)
				return err
			},
		},
		"delete_variable": {
			func(ctx context.Context, c *Client) error { return c.DeleteVariable(ctx, "A_TOKEN") },
			func(ctx context.Context, c *api.APIClient) error {
				_, err := datadogV1.NewWebhooksIntegrationApi(c).DeleteWebhooksIntegrationCustomVariable(ctx, "A_TOKEN")
				return err
			},
		},
		"dashboards": {
			func(ctx context.Context, c *Client) error { _, err := c.DashboardsTitled(ctx, "a"); return err },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewDashboardsApi(c).ListDashboards(ctx, datadogV1.ListDashboardsOptionalParameters{
					Count: api.PtrInt64(100), Start: api.PtrInt64(0),
				})
				return err
			},
		},
		"dashboard": {
			func(ctx context.Context, c *Client) error { _, err := c.Dashboard(ctx, "p63-b2n-sjg"); return err },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewDashboardsApi(c).GetDashboard(ctx, "p63-b2n-sjg")
				return err
			},
		},
		"create_dashboard": {
			func(ctx context.Context, c *Client) error {
				_, err := c.CreateDashboard(ctx, json.RawMessage(aDashboard))
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewDashboardsApi(c).CreateDashboard(ctx, read[datadogV1.Dashboard](t, aDashboard))
				return err
			},
		},
		"update_dashboard": {
			func(ctx context.Context, c *Client) error {
				return c.UpdateDashboard(ctx, "p63-b2n-sjg", json.RawMessage(aDashboard))
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewDashboardsApi(c).UpdateDashboard(ctx, "p63-b2n-sjg", read[datadogV1.Dashboard](t, aDashboard))
				return err
			},
		},
		"delete_dashboard": {
			func(ctx context.Context, c *Client) error { return c.DeleteDashboard(ctx, "p63-b2n-sjg") },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewDashboardsApi(c).DeleteDashboard(ctx, "p63-b2n-sjg")
				return err
			},
		},
		"monitors": {
			func(ctx context.Context, c *Client) error { _, err := c.MonitorsTagged(ctx, "a:b", "c"); return err },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewMonitorsApi(c).ListMonitors(ctx, datadogV1.ListMonitorsOptionalParameters{MonitorTags: api.PtrString("a:b,c")})
				return err
			},
		},
		"create_monitor": {
			func(ctx context.Context, c *Client) error {
				_, err := c.CreateMonitor(ctx, MonitorDefinition{Name: "a", Definition: json.RawMessage(aMonitor)})
				return err
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewMonitorsApi(c).CreateMonitor(ctx, read[datadogV1.Monitor](t, aMonitor))
				return err
			},
		},
		"update_monitor": {
			func(ctx context.Context, c *Client) error {
				return c.UpdateMonitor(ctx, MonitorDefinition{ID: 7, Name: "a", Definition: json.RawMessage(aMonitor)})
			},
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewMonitorsApi(c).UpdateMonitor(ctx, 7, read[datadogV1.MonitorUpdateRequest](t, aMonitor))
				return err
			},
		},
		"delete_monitor": {
			func(ctx context.Context, c *Client) error { return c.DeleteMonitor(ctx, MonitorDefinition{ID: 7}) },
			func(ctx context.Context, c *api.APIClient) error {
				_, _, err := datadogV1.NewMonitorsApi(c).DeleteMonitor(ctx, 7)
				return err
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var ours, official log
			// Whether the answer can be read is not the question here.
			_ = tt.ours(t.Context(), clientOver(t, ours.answering(200, `{}`), keyring{}))
			_ = tt.official(officialContext(t), officialClient(official.answering(200, `{}`)))
			for _, requests := range [][]seen{ours.requests, official.requests} {
				if len(requests) != 1 {
					t.Fatalf("%d requests", len(requests))
				}
				if requests[0].method == "DELETE" {
					requests[0].header.Del("Accept")
				}
			}
			// The keys of a check are the API key alone; the client adds both.
			if name == "validate" {
				official.requests[0].header.Del("Dd-Application-Key")
			}
			if diff := cmp.Diff(essence(t, official.requests), essence(t, ours.requests)); diff != "" {
				t.Errorf("-official +ours\n%s", diff)
			}
		})
	}
}

func read[T any](t *testing.T, text string) (v T) {
	t.Helper()
	official(t, text, &v)
	return v
}
