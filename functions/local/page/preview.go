package page

import (
	"context"
	"errors"
	"slices"

	"boomerang/functions/local/dryrun"
	webhook "boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/lambda"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

// draft is a body with a playbook file that is being written.
type draft struct {
	Body      string `json:"body"`
	File      string `json:"file"` // one of those in use
	Playbooks string `json:"playbooks"`
}

// preview is what a draft makes of its body, or what is wrong with it.
type preview struct {
	*result
	Problems []playbook.Problem `json:"problems"`        // of the playbook file
	Error    string             `json:"error,omitempty"` // of the body, or why it makes no event
}

func (p *Page) preview(ctx context.Context, d draft) (any, error) {
	run, seen := p.try(ctx, d)
	if run != nil {
		found := run.result()
		seen.result = &found
	}
	return seen, nil
}

// try runs a draft without posting. The execution is nil if it cannot run.
func (p *Page) try(ctx context.Context, d draft) (*execution, preview) {
	seen := preview{Problems: []playbook.Problem{}}
	if !slices.Contains(p.names(), d.File) {
		seen.Error = "The server does not use " + d.File + "."
		return nil, seen
	}
	report := check.File(d.File, []byte(d.Playbooks), p.kinds(d.File))
	mistakes, _ := errors.AsType[playbook.Problems](report.Err)
	seen.Problems = append(append(seen.Problems, mistakes...), report.Warnings...)
	edited, err := p.pipeline(d.File, []byte(d.Playbooks))
	if _, ok := errors.AsType[playbook.Problems](err); ok {
		return nil, seen
	}
	r, err := requestOf(d.Body)
	var a alert.Alert
	if err == nil {
		a, err = webhook.Decode(r)
	}
	if err != nil {
		seen.Error = err.Error()
		if f, ok := errors.AsType[*fault.Error](err); ok {
			seen.Error = f.Public
		}
		return nil, seen
	}
	p.seed(a)
	run := execute(ctx, edited, a, func(s dryrun.Step) enrich.Step {
		switch s.With.(type) {
		case lambda.Config, httpapi.Config: // It runs at every change of a text.
			return dryrun.Skip("a preview calls Datadog only; send the alert to run this step")
		}
		return p.seedMetric(a)(s)
	}, (*pipeline.Pipeline).DryRun)
	run.body = bodyOf(r)
	switch {
	case run.Err != nil:
		seen.Error = "No event would be posted: " + fault.Public(run.Err) + "."
	case run.drawn == nil:
		seen.Error = "No event would be posted: " + run.Detail + "."
	}
	return &run, seen
}
