import numpy as np
from scipy import ndimage


def deskew(images: np.ndarray) -> np.ndarray:
    """Images, shape (n, height, width), sheared upright by their second moments and moved to the centre."""
    height, width = images.shape[1:]
    rows, columns = np.mgrid[:height, :width]
    upright = np.empty_like(images)
    for number, image in enumerate(images):
        mass = image.sum() + 1e-9
        row, column = (rows * image).sum() / mass, (columns * image).sum() / mass
        variance = ((rows - row) ** 2 * image).sum() / mass + 1e-9
        slant = ((rows - row) * (columns - column) * image).sum() / mass / variance
        matrix = np.array([[1.0, 0.0], [slant, 1.0]])
        offset = np.array([row, column]) - matrix @ np.array([(height - 1) / 2, (width - 1) / 2])
        upright[number] = ndimage.affine_transform(image, matrix, offset=offset, order=1)
    return upright
