"""The compiled engine: from a model file to machine code, one pass a module.

Read :mod:`.making` first: it calls the passes one after the other. Then, each with a page of prose at its head:

* :mod:`.program` says what a program is, :mod:`.operations` what each operation means; :mod:`.building` makes nodes,
  :mod:`.printing` writes a program as text, :mod:`.checking` says whether it is well formed, :mod:`.storing` keeps it;
* :mod:`.reading`, :mod:`.unroll` and :mod:`.lower` make a program of a model file;
* :mod:`.specialise`, :mod:`.integrate` and :mod:`.level` make it ready for a question;
* :mod:`.interpret` runs it with NumPy; :mod:`.emit` writes it in LLVM's language, :mod:`.objects` has that compiled
  and keeps it, :mod:`.kernel` runs it in :mod:`.blocks` of members;
* :mod:`.machine` is what the rest of the package uses; :mod:`.touring` shows a program after each pass.

What is not compiled raises :class:`.unsupported.Unsupported`; see :mod:`sdforecast.engine.choosing`.
"""
