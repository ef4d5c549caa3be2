package fakeaws

import (
	"cmp"
	"slices"
	"time"
)

// What a rotation does with a secret.
const (
	SecretsPut   = "secrets.put"   // PutSecretValue
	SecretsStage = "secrets.stage" // UpdateSecretVersionStage
)

var secretsManager = protocol{target: "secretsmanager", service: "secretsmanager", invalid: "InvalidParameterException"}

func (v *vault) rotationOperations() []Operation {
	return []Operation{
		{
			Name: SecretsPut, Target: "secretsmanager.PutSecretValue",
			handle: asSecrets(operation(secretsManager, v.putValue)),
		},
		{
			Name: SecretsStage, Target: "secretsmanager.UpdateSecretVersionStage",
			handle: asSecrets(operation(secretsManager, v.stage)),
		},
	}
}

// asSecrets answers in the newer of AWS's two JSON protocols.
func asSecrets(handle func(call) Answer) func(call) Answer {
	return func(c call) Answer { return handle(c).as(mediaAWS) }
}

//nolint:revive // AWS's own names.
type putSecretValue struct {
	SecretId           string
	ClientRequestToken string
	SecretString       string
	VersionStages      []string
	RotationToken      string
}

// putValue is PutSecretValue: a version that is there already may be put again with
// the same content and with no other
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
func (v *vault) putValue(in putSecretValue, now time.Time) (any, error) {
	target, err := v.named(in.SecretId)
	if err != nil {
		return nil, err
	}
	if in.ClientRequestToken == "" {
		return nil, refusal{kind: "InvalidParameterException", message: "ClientRequestToken is required without an SDK that makes one up."}
	}
	if at := target.version(in.ClientRequestToken); at >= 0 {
		if target.versions[at].value != in.SecretString {
			return nil, refusal{kind: "ResourceExistsException", message: "You can't modify the value of the version " + in.ClientRequestToken + " that already exists."}
		}
		return target.named(target.versions[at]), nil
	}
	target.versions = append(target.versions, version{id: in.ClientRequestToken, value: in.SecretString, created: now})
	stages := in.VersionStages
	if len(stages) == 0 {
		stages = []string{currentStage}
	}
	for _, stage := range stages {
		target.move(stage, in.ClientRequestToken)
	}
	return target.named(target.versions[len(target.versions)-1]), nil
}

//nolint:revive // AWS's own names.
type updateSecretVersionStage struct {
	SecretId            string
	VersionStage        string
	MoveToVersionId     string
	RemoveFromVersionId string
}

// stage is UpdateSecretVersionStage: a label that a version has is moved only by
// whoever names that version
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html).
func (v *vault) stage(in updateSecretVersionStage, _ time.Time) (any, error) {
	target, err := v.named(in.SecretId)
	if err != nil {
		return nil, err
	}
	holder := slices.IndexFunc(target.versions, func(one version) bool { return slices.Contains(one.stages, in.VersionStage) })
	if holder >= 0 && target.versions[holder].id != in.RemoveFromVersionId {
		return nil, refusal{kind: "InvalidParameterException", message: "The parameter RemoveFromVersionId can't be " +
			cmp.Or(in.RemoveFromVersionId, "empty") + ". Staging label " + in.VersionStage + " is currently attached to version " + target.versions[holder].id + "."}
	}
	if in.MoveToVersionId != "" && target.version(in.MoveToVersionId) < 0 {
		return nil, refusal{kind: "ResourceNotFoundException", message: "Secrets Manager can't find the specified secret version."}
	}
	target.move(in.VersionStage, in.MoveToVersionId)
	return map[string]string{"ARN": target.arn, "Name": target.name}, nil
}

func (v *vault) named(id string) (*secret, error) {
	if found := v.find(id); found != nil {
		return found, nil
	}
	return nil, refusal{kind: "ResourceNotFoundException", message: "Secrets Manager can't find the specified secret."}
}

// version returns where the version with the id is, or -1.
func (s *secret) version(id string) int {
	return slices.IndexFunc(s.versions, func(one version) bool { return one.id == id })
}

// move gives a label to a version and takes it from all others. What loses AWSCURRENT
// becomes AWSPREVIOUS.
func (s *secret) move(stage, to string) {
	for i := range s.versions {
		one := &s.versions[i]
		had := slices.Contains(one.stages, stage)
		switch {
		case one.id == to && !had:
			one.stages = append(one.stages, stage)
		case one.id != to && had:
			one.stages = slices.DeleteFunc(one.stages, func(label string) bool { return label == stage })
			if stage == currentStage {
				s.move(previousStage, one.id)
			}
		}
	}
}

func (s *secret) named(v version) map[string]any {
	return map[string]any{"ARN": s.arn, "Name": s.name, "VersionId": v.id, "VersionStages": v.stages}
}
