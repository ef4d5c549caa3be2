package alert

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// cycle is what Datadog puts in the place of each variable for four notifications of one
// alert cycle: an alert, its repetition, its recovery, and the next alert.
var cycle = func() (notifications [4]map[string]string) {
	for i, state := range []string{"Triggered", "Re-Triggered", "Recovered", "Triggered"} {
		id := fmt.Sprintf("830608220279602569%d", i)
		n := maps.Clone(sample)
		delete(n, "LOGS_SAMPLE")
		n["ID"], n["ALERT_TRANSITION"], n["ALERT_TYPE"] = id, state, map[bool]string{true: "success", false: "error"}[state == "Recovered"]
		n["ALERT_TITLE"] = "[" + state + " on {host:orders-1}] Orders pile up"
		n["EVENT_TITLE"] = "[P2] " + n["ALERT_TITLE"]
		n["DATE"] = fmt.Sprint(1759343824000 + i*600_000)
		n["LAST_UPDATED"], n["DATE_POSIX"] = n["DATE"], n["DATE"][:10]
		n["LINK"] = "https://app.datadoghq.com/event/event?id=" + id
		footer := "https://app.datadoghq.com/monitors/221164084?group=host%3Aorders-1&from_ts=1&to_ts=2&event_id=" + id + "&link_source=monitor_notif"
		n["EVENT_MSG"] = "%%%\nOrders wait \"too long\", as in https://app.datadoghq.com/event/event?id=8306082202796000000.\n@webhook-boomerang\n\n" +
			"[![Metric Graph](https://p.datadoghq.com/a.png)](" + footer + ")\n\n- - -\n\n[[Monitor Status](" + footer + ")]\n%%%"
		n["TEXT_ONLY_MSG"] = "Orders wait too long, as in https://app.datadoghq.com/event/event?id=8306082202796000000."
		n["SECURITY_SIGNAL_TITLE"], n["SYNTHETICS_TEST_NAME"] = "Odd logins", "Buying a book"
		notifications[i] = n
	}
	return notifications
}()

// checkCycle: each notification has a key of its own, and each of its deliveries the same.
// Bodies that are equal are one delivery for the RepeatWindow.
func checkCycle(t *testing.T, template string) {
	t.Helper()
	var bodies [4][]byte
	keys := make(map[string]int)
	for i, values := range cycle {
		bodies[i] = renderWith(t, values, template)
		first, err := Decode(bodies[i])
		if err != nil {
			t.Fatalf("%s: %v", bodies[i], err)
		}
		if first.Title+first.AlertTitle+first.Message+first.Text+first.Status == "" {
			t.Errorf("%s: no words in %+v", bodies[i], first)
		}
		again, err := Decode(bodies[i])
		if err != nil || again.Key() != first.Key() {
			t.Errorf("%s: key %q, then %q (%v)", bodies[i], first.Key(), again.Key(), err)
		}
		if other, taken := keys[first.Key()]; taken && (first.Certain() || string(bodies[other]) != string(bodies[i])) {
			t.Errorf("one key %q for\n%s and\n%s", first.Key(), bodies[other], bodies[i])
		}
		keys[first.Key()] = i
	}
}

var titleVariables = []string{"EVENT_TITLE", "ALERT_TITLE"}

// randomTemplate has a title, and any variables and constants under any keys.
func randomTemplate(random *rand.Rand) string {
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	variables := slices.Sorted(maps.Keys(cycle[0]))
	keys := append(strings.Fields("labels custom_details x note alias source color fields blocks text summary description details link href"), variables...)
	for _, row := range keyTable {
		keys = append(keys, strings.Fields(row.keys)...)
	}
	constants := []string{
		"datadog", "1", "12345", "8306082202796000001", "P3", "https://app.datadoghq.com/dashboard/abc", "see https://app.datadoghq.com/event/event?id=8306082202796000002", "true", "Triggered",
		"<https://app.datadoghq.com/event/event?id=8306082202796000002|[Warn] Lag>", "Hi,\n[Warn] Lag https://app.datadoghq.com/event/event?id=8306082202796000002", "<a><b>8306082202796000002</b></a>",
	}
	value := func() any {
		switch random.IntN(5) {
		case 0:
			return pick(constants)
		case 1:
			return pick(constants) + " $" + pick(variables)
		}
		return "$" + pick(variables)
	}
	spelled := func(key string) string {
		switch random.IntN(4) {
		case 0:
			return strings.ToUpper(key)
		case 1:
			return strings.ReplaceAll(key, "_", "-")
		}
		return strings.ToLower(key)
	}
	template := map[string]any{"id": value(), "the title": "$" + pick(titleVariables)}
	var nest func(object map[string]any, depth int)
	nest = func(object map[string]any, depth int) {
		for range random.IntN(8) {
			switch key := spelled(pick(keys)); {
			case depth < 3 && random.IntN(5) == 0:
				inner := map[string]any{}
				nest(inner, depth+1)
				object[key] = inner
			case depth < 3 && random.IntN(8) == 0:
				inner := map[string]any{}
				nest(inner, depth+1)
				object[key] = []any{inner, value()}
			default:
				object[key] = value()
			}
		}
	}
	nest(template, 0)
	if random.IntN(2) == 0 {
		template[spelled(pick([]string{"title", "event_title", "alert_title", "subject", "summary", "name", "text"}))] = "$" + pick(titleVariables)
	}
	out, err := json.Marshal(template)
	if err != nil {
		panic(err)
	}
	return string(out)
}

func TestDecode_AnyTemplate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		checkCycle(t, randomTemplate(random))
	}
	for _, tt := range templates {
		checkCycle(t, tt.template)
	}
}

func FuzzTemplate(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, "title", "$EVENT_TITLE", "id", "$ALERT_ID")
	}
	f.Fuzz(func(t *testing.T, seed uint64, key, value, otherKey, otherValue string) {
		var template map[string]any
		if err := json.Unmarshal([]byte(randomTemplate(rand.New(rand.NewPCG(seed, seed)))), &template); err != nil {
			t.Fatal(err)
		}
		template[key], template[otherKey] = value, otherValue
		template["the title"] = "$EVENT_TITLE"
		out, err := json.Marshal(template)
		if err != nil {
			t.Fatal(err)
		}
		checkCycle(t, string(out))
	})
}
