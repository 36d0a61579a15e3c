"""Types of jobs."""

from lamina.graphql.schema import Model
from lamina.jobs.model import Job, JobError

MODELS = {"Job": Model(Job), "JobError": Model(JobError)}
