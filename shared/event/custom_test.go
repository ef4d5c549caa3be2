package event_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

func nested(levels int) any {
	if levels == 0 {
		return "leaf"
	}
	return map[string]any{"n": nested(levels - 1), "at": levels}
}

func TestComposeAlert_Custom(t *testing.T) {
	found := func(name string, weight enrich.Weight, data any) enrich.Result {
		return enrich.Result{Name: name, Status: enrich.OK, Finding: enrich.Finding{Weight: weight, Data: data}}
	}
	custom := func(results ...enrich.Result) map[string]any {
		return details(alert.Alert{}, event.Draft{}, results...).Custom
	}
	wide := map[string]any{}
	for i := range 150 {
		wide[fmt.Sprintf("k%03d", i)] = i
	}
	t.Run("numbers keep their digits", func(t *testing.T) {
		got := custom(found("monitor", enrich.Useful, map[string]any{"id": int64(9007199254740993), "zero": 0, "no": false}))
		want := map[string]any{"monitor": map[string]any{"id": json.Number("9007199254740993"), "zero": json.Number("0"), "no": false}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("mention", func(t *testing.T) {
		got := custom(found("owner", enrich.Useful, map[string]any{"slack": "@shop-oncall"}))
		if diff := cmp.Diff(map[string]any{"owner": map[string]any{"slack": "@shop-oncall"}}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("related event", func(t *testing.T) {
		if got := details(alert.Alert{ID: "7284105863092654118"}, event.Draft{}).Custom["related_event_id"]; got != "7284105863092654118" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("invalid data", func(t *testing.T) {
		failed := found("failed", enrich.Useful, map[string]any{"a": 1})
		failed.Status = enrich.TimedOut
		got := custom(failed, found("nan", enrich.Useful, math.NaN()), found("func", enrich.Useful, func() {}), found("nil", enrich.Useful, nil),
			found("blank", enrich.Useful, struct{ Name string }{}), found("list", enrich.Useful, []int{1}))
		if diff := cmp.Diff(map[string]any{"list": []any{json.Number("1")}}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := custom(failed); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	})
	t.Run("100 properties", func(t *testing.T) {
		got := custom(found("wide", enrich.Useful, wide))["wide"].(map[string]any)
		if len(got) != 100 || got["k099"] == nil {
			t.Errorf("%d properties are left", len(got))
		}
		var steps []enrich.Result
		for name := range wide {
			steps = append(steps, found(name, enrich.Useful, 1))
		}
		if got := custom(steps...); len(got) != 100 {
			t.Errorf("%d steps are left", len(got))
		}
	})
	t.Run("long values", func(t *testing.T) {
		long := strings.Repeat("x", 2000)
		got := custom(found(long, enrich.Useful, append([]string{long}, slices.Repeat([]string{"y"}, 149)...)))
		if list, _ := got[strings.Repeat("x", 99)+"…"].([]any); len(list) != 100 || utf8.RuneCountInString(list[0].(string)) != 1000 {
			t.Errorf("got %v", got)
		}
	})
	t.Run("10 levels", func(t *testing.T) {
		levels := 0
		for at := any(custom(found("n", enrich.Useful, nested(20)))); ; levels++ {
			object, ok := at.(map[string]any)
			if !ok {
				break
			}
			at = object["n"]
		}
		if levels != 10 {
			t.Errorf("%d levels are left", levels)
		}
	})
	t.Run("lowest weight is dropped", func(t *testing.T) {
		lines := slices.Repeat([]string{strings.Repeat("é", 900)}, 30) // 54 kB
		got := custom(found("light", enrich.Background, lines), found("heavy", enrich.Essential, lines), found("last", enrich.Background, 1))
		if heavy, _ := got["heavy"].([]any); len(heavy) != 30 || got["light"] != nil || got["last"] == nil {
			t.Errorf("%d of 30 lines of the heavy one are left, light %v, last %v", len(heavy), got["light"] != nil, got["last"])
		}
	})
}
