package pipeline_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/pipeline"
)

func TestPipeline_lets_its_steps_be_wrapped(t *testing.T) {
	itself := enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
		t.Error("the step itself ran")
		return enrich.Finding{}, nil
	})
	stub := func(map[string]enrich.Result) (enrich.Step, error) {
		return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
			return enrich.Finding{Title: "stubbed"}, nil
		}), nil
	}
	var wrapped []string
	p := pipeline.New(pipeline.Config{
		Playbooks: playbooks(itself, itself), EnrichBudget: time.Second, Poster: takes,
		Steps: func(steps []enrich.Named) []enrich.Named {
			for i := range steps {
				wrapped = append(wrapped, steps[i].Name)
				steps[i].Make = stub
			}
			return steps
		},
	})
	outcome, err := p.Run(t.Context(), a)
	if err != nil || len(outcome.Steps) != 2 || outcome.Steps[1].Finding.Title != "stubbed" {
		t.Errorf("%+v, %v", outcome, err)
	}
	if want := []string{"step-0", "step-1"}; !slices.Equal(wrapped, want) {
		t.Errorf("wrapped %v, want %v", wrapped, want)
	}
}
