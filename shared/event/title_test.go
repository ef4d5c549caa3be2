package event_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"boomerang/shared/alert"
	"boomerang/shared/event"
)

func TestCompose_LongTitle(t *testing.T) {
	const group = "availability-zone:us-east-1a,kube_cluster_name:prod-eu-1,kube_namespace:payments,pod_name:checkout-7c9d8f-xyz"
	long := strings.Repeat("name ", 30)
	for title, want := range map[string]string{
		"[P1] [Triggered on {env:prod}] Disk is full":                     "[P1] [Triggered on {env:prod}] Disk is full",
		"[P1] [Triggered on {" + group + "}] Checkout error rate is high": "[P1] [Triggered on {availability-zone:us-east-1a,…}] Checkout error rate is high",
		"[Triggered on {" + group + "}] [P1] [TEST] Checkout is slow":     "[Triggered on {availability-zone:us-east-1a,…}] [P1] [TEST] Checkout is slow",
		"[P2][Re-Triggered on {" + group + "}]Lag {of} [queue]":           "[P2][Re-Triggered on {availability-zone:us-east-1a,kube_cluster_name:prod-eu-1,…}]Lag {of} [queue]",
		"[Warn on {a:1,b:2}] [on {" + group + "}] Lag":                    "[Warn on {a:1,b:2}] [on {availability-zone:us-east-1a,kube_cluster_name:prod-eu-1,…}] Lag",
		"[A {x:1, y:2}] [B {" + group + "}] " + long[:90]:                 "[A {…}] [B {…}] " + strings.TrimSpace(long[:83]) + "…",
		"Datadog: [P1] [Triggered on {" + group + "}] Checkout is slow":   "Datadog: [P1] [Triggered on {availability-zone:us-east-1a,…}] Checkout is slow",
		"[No Data on {host:" + strings.Repeat("h", 200) + "}] Disk":       "[No Data on {host:" + strings.Repeat("h", 74) + "…}] Disk",
		"[Triggered on {h:" + strings.Repeat("é", 90) + ",b:1}] Ärger":    "[Triggered on {h:" + strings.Repeat("é", 74) + "…}] Ärger",
		"[Triggered on {a:{b},c[0]:]}] " + long:                           "[Triggered on {…}] " + strings.TrimSpace(long[:80]) + "…",
		"[Triggered on {" + group:                                         "[Triggered on {availability-zone:us-east-1a,kube_cluster_name:prod-eu-1,kube_namespace:payments,pod…",
		"Checkout on {" + group + "} is slow":                             "Checkout on {availability-zone:us-east-1a,kube_cluster_name:prod-eu-1,kube_namespace:payments,pod_n…",
		": [Warn] Disk is full:":                                          "[Warn] Disk is full",
		"[Triggered] " + long:                                             "[Triggered] " + strings.TrimSpace(long[:87]) + "…",
	} {
		got := event.Compose(alert.Alert{Title: title}, event.Draft{}, nil, now).Title
		if got != want || utf8.RuneCountInString(got) > event.MaxTitle {
			t.Errorf("%s:\ngot  %s\nwant %s", title, got, want)
		}
	}
}

// A title shows markdown as it is written, so that of a message's first line goes.
func TestCompose_TitleFromMessage(t *testing.T) {
	for message, want := range map[string]string{
		"%%%\n### Disk of [web-3](https://wiki.example.com/web-3) is full\nClean it.\n%%%":                      "Disk of web-3 is full",
		"%%% **[Monitor](https://wiki.example.com/x)** %%%":                                                     "Monitor",
		"Call [us] at https://wiki.example.com/x":                                                               "Call [us] at https://wiki.example.com/x",
		"[![Metric Graph](https://p.datadoghq.com/x.png)](https://app.datadoghq.com/monitors/7)\n\nLag is high": "Lag is high",
		"#1 of **3** fails":     "#1 of **3** fails",
		"*.example.com expires": "*.example.com expires",
		"%%%":                   "Datadog alert",
	} {
		for _, a := range []alert.Alert{{Message: message}, {Text: message}} {
			if got := event.Compose(a, event.Draft{}, nil, now).Title; got != want {
				t.Errorf("%q: got %q, want %q", message, got, want)
			}
		}
	}
}
