"""How models are learnt: sketch and options to a fit.

Nothing is imported here, so that reading a sketch does not load torch.
"""
