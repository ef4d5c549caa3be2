package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"boomerang/functions/local/report"
	"boomerang/functions/local/stage"
	"boomerang/functions/local/trial"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
)

// tell shows how a try went. Its error is why no event would be posted.
func tell(out *report.Printer, s *stage.Stage, playbooks string, r trial.Report, failed error) error {
	if r.Status == pipeline.Ignored {
		out.Line("Nothing would be done: %s.", r.Reason)
		return nil
	}
	out.Heading("Playbooks: " + playbooks)
	out.Verdicts(r)
	out.Heading("Steps")
	out.Steps(r.Steps)
	if len(r.Warnings) > 0 {
		out.Heading("What could not be written or evaluated")
		for _, warning := range r.Warnings {
			out.Line("  %s", warning)
		}
	}
	if failed != nil {
		return fmt.Errorf("no event would be posted: %s", fault.Public(failed))
	}
	for _, posted := range s.Server.Posted() {
		path, e, err := read(posted)
		if err != nil {
			return fmt.Errorf("the stand-in accepted an event that cannot be read: %w", err)
		}
		out.Heading("The event")
		out.Event(e)
		var body bytes.Buffer
		if err := json.Indent(&body, posted.Body, "", "  "); err != nil {
			return err
		}
		out.Heading("The request to Datadog: POST " + path)
		out.Line("%s", body.String())
	}
	return nil
}
