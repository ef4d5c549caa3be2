package fakeaws

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// SecretsGet is Secrets Manager's GetSecretValue.
const SecretsGet = "secrets.get"

// The staging labels that Secrets Manager moves by itself.
const (
	currentStage  = "AWSCURRENT"
	previousStage = "AWSPREVIOUS"
)

// vault is Secrets Manager: a few secrets, each with all its versions.
type vault struct{ secrets []*secret }

type secret struct {
	name, arn string
	versions  []version // The newest last.
}

type version struct {
	id, value string
	created   time.Time
	stages    []string
}

func (v *vault) operations() []Operation {
	return []Operation{{
		Name: SecretsGet, Target: "secretsmanager.GetSecretValue",
		handle: v.get,
	}}
}

// SetSecret gives a secret, named by name or ARN, a new value, as Secrets
// Manager's PutSecretValue does: what was AWSCURRENT becomes AWSPREVIOUS. A secret
// that does not exist is created, without a previous version.
func (s *Services) SetSecret(id, value string, now time.Time) {
	s.vault.put(id, value, now)
}

// SecretARN returns the ARN of a secret, empty when there is no such secret.
func (s *Services) SecretARN(name string) string {
	if found := s.vault.find(name); found != nil {
		return found.arn
	}
	return ""
}

func (v *vault) put(id, value string, now time.Time) {
	target := v.find(id)
	if target == nil {
		target = newSecret(id)
		v.secrets = append(v.secrets, target)
	}
	for i := range target.versions {
		if slices.Contains(target.versions[i].stages, currentStage) {
			target.versions[i].stages = []string{previousStage}
		} else {
			target.versions[i].stages = nil
		}
	}
	target.versions = append(target.versions, version{
		id:      fmt.Sprintf("00000000-0000-4000-8000-%012d", len(target.versions)+1),
		value:   value,
		created: now,
		stages:  []string{currentStage},
	})
}

// newSecret takes a name or a whole ARN. AWS ends an ARN with a hyphen and six
// characters of its own.
func newSecret(id string) *secret {
	if _, full, isARN := strings.Cut(id, ":secret:"); isARN && strings.HasPrefix(id, "arn:") {
		name := full
		if cut := len(full) - 7; cut > 0 && full[cut] == '-' {
			name = full[:cut]
		}
		return &secret{name: name, arn: id}
	}
	sum := sha256.Sum256([]byte(id))
	return &secret{
		name: id,
		arn:  fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-%s", awsRegion, awsAccount, id, hex.EncodeToString(sum[:3])),
	}
}

// find looks a secret up by its name, its ARN, or its ARN without the six
// characters, as AWS does.
func (v *vault) find(id string) *secret {
	for _, candidate := range v.secrets {
		if id == candidate.name || id == candidate.arn || strings.HasPrefix(id, "arn:") && isPartialARN(id, candidate.arn) {
			return candidate
		}
	}
	return nil
}

func isPartialARN(id, arn string) bool {
	rest, found := strings.CutPrefix(arn, id+"-")
	return found && len(rest) == 6
}

// get answers GetSecretValue
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
func (v *vault) get(c call) Answer {
	var in struct{ SecretId, VersionId, VersionStage string } //nolint:revive // AWS's own names.
	if err := json.Unmarshal(c.body, &in); err != nil {
		return awsError(http.StatusBadRequest, "SerializationException", "The request body is not a GetSecretValue request.")
	}
	if in.SecretId == "" {
		return awsError(http.StatusBadRequest, "ValidationException",
			"1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null")
	}
	found := v.find(in.SecretId)
	if found == nil {
		return secretNotFound("the specified secret.")
	}
	if in.VersionStage == "" && in.VersionId == "" {
		in.VersionStage = currentStage
	}
	for _, version := range found.versions {
		if in.VersionId != "" && version.id != in.VersionId {
			continue
		}
		if in.VersionStage != "" && !slices.Contains(version.stages, in.VersionStage) {
			if in.VersionId != "" {
				return awsError(http.StatusBadRequest, "InvalidRequestException",
					"You provided a VersionStage that is not associated to the provided VersionId.")
			}
			continue
		}
		return found.show(version)
	}
	if in.VersionId != "" {
		return secretNotFound("the specified secret value for VersionId: " + in.VersionId)
	}
	return secretNotFound("the specified secret value for staging label: " + in.VersionStage)
}

func secretNotFound(what string) Answer {
	return awsError(http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find "+what)
}

func (s *secret) show(v version) Answer {
	return success(map[string]any{
		"ARN":           s.arn,
		"Name":          s.name,
		"VersionId":     v.id,
		"VersionStages": v.stages,
		"SecretString":  v.value,
		"CreatedDate":   float64(v.created.UnixMilli()) / 1000,
	}).as(mediaAWS)
}
