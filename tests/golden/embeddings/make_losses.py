"""Makes losses.json: sentence-transformers' losses of random vectors, and their gradients.

    pip install sentence-transformers
    python make_losses.py

`pairs` is the symmetric multiple negatives ranking loss, `ranked` is CoSENT, both with scale 20, of 5 pairs of 6 numbers.
"""
import json
import pathlib

import sentence_transformers
import torch
from sentence_transformers.losses import CoSENTLoss, MultipleNegativesSymmetricRankingLoss
from sentence_transformers.util import pairwise_cos_sim


class Nothing(torch.nn.Module):
    """A model that is not asked: the losses are given vectors."""


torch.manual_seed(3)
vectors = torch.randn(2, 5, 6, requires_grad=True)
scores = torch.tensor([0.5, 4.0, 2.5, 4.0, 1.0])


def result(loss):
    gradient, = torch.autograd.grad(loss, vectors)
    return {"loss": loss.item(), "gradient": gradient.flatten().tolist()}


pairs = MultipleNegativesSymmetricRankingLoss(Nothing())
cosent = CoSENTLoss(Nothing(), similarity_fct=pairwise_cos_sim)
golden = {
    "versions": {"torch": torch.__version__, "sentence-transformers": sentence_transformers.__version__},
    "vectors": vectors.flatten().tolist(),
    "scores": scores.tolist(),
    "pairs": result(pairs.compute_loss_from_embeddings(list(vectors), None)),
    "ranked": result(cosent.compute_loss_from_embeddings(list(vectors), scores)),
}
text = json.dumps(golden)
pathlib.Path(__file__).with_name("losses.json").write_text(text + "\n")
