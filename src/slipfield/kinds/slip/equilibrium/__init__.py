"""The equilibrium network: answers from strain maps, orientations and loads without a forward run.

Where the strain is measured and the orientations are known, crystal plasticity gives every
crystal's stress up to its slip resistance, and that is linear in k1, k2 and k3. The force through
each cross-section is therefore linear in them too, and it must be the measured load: the virtual
fields method (Pierron & Grédiac, The Virtual Fields Method, Springer 2012) with rigid virtual
translations of one side of a section. A small network learns what this leaves over.
"""
